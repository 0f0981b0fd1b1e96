/** What a file is, whether an image is sound, and what is derived from it. */
export { MediaProcessError } from './image-errors.ts';
export type { Variant } from './images.ts';
export { createMedia, type Media, type MediaOptions } from './media.ts';
