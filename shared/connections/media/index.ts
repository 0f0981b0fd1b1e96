/** What a file is, whether an image is sound, and what is derived from it. */
export { MediaProcessError } from './image-errors.ts';
export type { Variant, Variants } from './images.ts';
export { createMedia, type Media, type MediaOptions } from './media.ts';
export {
  type DerivedImage,
  type ImageMetadata,
  type ImageTransform,
  MAX_TRANSFORM_SIDE,
  transformFits,
  transformFormats,
} from './transform.ts';
