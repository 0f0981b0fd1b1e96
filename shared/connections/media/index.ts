/** What a file is, whether an image is sound, and what is derived from it. */
export type { ImageDetails, ImageSource, Variant } from './images.ts';
export { createMedia, type Media, type MediaOptions } from './media.ts';
