import { limitConcurrency } from '@insightdesk/shared/promises';
import { detectContentType } from './content-type.ts';
import { allowedPixels } from './image-cost.ts';
import { corrupt, tooLarge } from './image-errors.ts';
import { readImageHeader } from './image-header.ts';
import { deriveInChild } from './image-process.ts';
import type { Variant } from './images.ts';

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
   * WebP at most 2048 px and a thumbnail at most 320 px a side. Throws like `checkImage`, and
   * IMAGE_TOO_COSTLY; a retryable MEDIA_PROCESS_DIED when the process that decodes dies.
   */
  createVariants(bytes: Uint8Array): Promise<Variant[]>;
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
  return {
    detectContentType,
    checkImage,
    async createVariants(bytes) {
      checkImage(bytes);
      return turn(() => deriveInChild(bytes, { maxPixels, memoryBytes }));
    },
  };
}
