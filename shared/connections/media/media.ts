import { limitConcurrency } from '@insightdesk/shared/promises';
import { detectContentType } from './content-type.ts';
import {
  createVariants,
  type ImageDetails,
  type ImageSource,
  inspectImage,
  type Variant,
} from './images.ts';

/** The slice of configuration that media takes. */
export interface MediaOptions {
  maxPixels: number;
  /** Images decoded at a time. */
  concurrency: number;
}

/** What files are, and what is made of images. */
export interface Media {
  detectContentType(head: Uint8Array): Promise<string | undefined>;
  /** Throws DomainValidationError IMAGE_TOO_LARGE or IMAGE_CORRUPT (422). */
  inspectImage(source: ImageSource): Promise<ImageDetails>;
  /** WebP at most 2048 px and a thumbnail at most 320 px a side; throws like `inspectImage`. */
  createVariants(source: ImageSource): Promise<Variant[]>;
}

/** Creates the media tools. */
export function createMedia({ maxPixels, concurrency }: MediaOptions): Media {
  const turn = limitConcurrency(concurrency);
  return {
    detectContentType,
    inspectImage: (source) => turn(() => inspectImage(source, maxPixels)),
    createVariants: (source) => turn(() => createVariants(source, maxPixels)),
  };
}
