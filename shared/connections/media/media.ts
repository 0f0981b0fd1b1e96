import { limitConcurrency } from '@insightdesk/shared/promises';
import { detectContentType } from './content-type.ts';
import { allowedPixels } from './image-cost.ts';
import { corrupt, MediaProcessError, tooLarge } from './image-errors.ts';
import { readImageHeader } from './image-header.ts';
import {
  deriveInChild,
  describeInChild,
  type ImageProcessLimits,
  transformInChild,
} from './image-process.ts';
import type { Variants } from './images.ts';
import type { DerivedImage, ImageMetadata, ImageTransform } from './transform.ts';

/** The slice of configuration that media takes. */
export interface MediaOptions {
  maxPixels: number;
  /** Images decoded at a time, each in a process of its own. */
  concurrency: number;
  /** What such a process may take; 512 MB unless said. */
  memoryBytes?: number;
}

/** What files are, and what is made of images. */
export interface Media {
  detectContentType(head: Uint8Array): Promise<string | undefined>;
  /**
   * Judges a whole file by its header and structure, decoding nothing. Throws DomainValidationError
   * IMAGE_TOO_LARGE or IMAGE_CORRUPT (422).
   */
  checkImage(bytes: Uint8Array): void;
  /**
   * WebP at most 2048 px and a thumbnail at most 320 px a side, and a placeholder. Throws like
   * `checkImage`, and IMAGE_TOO_COSTLY; a retryable MEDIA_PROCESS_DIED when the process that decodes
   * dies.
   */
  createVariants(bytes: Uint8Array): Promise<Variants>;
  /** One picture made of another. Throws like `createVariants`, and IMAGE_CROP_OUTSIDE (422). */
  transformImage(bytes: Uint8Array, transform: ImageTransform): Promise<DerivedImage>;
  /** The same for several, in one process and in their order; all or none, 32 MB together at most. */
  transformImages(
    bytes: Uint8Array,
    transforms: readonly ImageTransform[],
  ): Promise<DerivedImage[]>;
  /** What is known of a picture; throws like `createVariants`. */
  describeImage(bytes: Uint8Array): Promise<ImageMetadata>;
}

const MEMORY_BYTES = 512 * 1024 * 1024;

/** Creates the media tools. */
export function createMedia({
  maxPixels,
  concurrency,
  memoryBytes = MEMORY_BYTES,
}: MediaOptions): Media {
  const turn = limitConcurrency(concurrency);
  function checkImage(bytes: Uint8Array) {
    const header = readImageHeader(bytes);
    if (!header || header.width * header.height === 0) throw corrupt();
    const allowed = allowedPixels(header.format, maxPixels);
    if (header.width * header.height > allowed) throw tooLarge(allowed);
    if (!header.isWhole) throw corrupt();
  }
  async function inTurn<T>(
    bytes: Uint8Array,
    work: (bytes: Uint8Array, limits: ImageProcessLimits) => Promise<T>,
  ): Promise<T> {
    checkImage(bytes);
    return turn(() => work(bytes, { maxPixels, memoryBytes }));
  }
  return {
    detectContentType,
    checkImage,
    createVariants: (bytes) => inTurn(bytes, deriveInChild),
    async transformImage(bytes, transform) {
      const [image] = await inTurn(bytes, (source, limits) =>
        transformInChild(source, [transform], limits),
      );
      if (!image) throw new MediaProcessError(new Error('The process made nothing'));
      return image;
    },
    transformImages: (bytes, transforms) =>
      inTurn(bytes, (source, limits) => transformInChild(source, transforms, limits)),
    describeImage: (bytes) => inTurn(bytes, describeInChild),
  };
}
