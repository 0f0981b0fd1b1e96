import { limitConcurrency } from '@insightdesk/shared/promises';
import type { ByteSource } from '@insightdesk/shared/streams';
import { detectContentType } from './detect-content-type.ts';
import type { Variants } from './images/create-variants.ts';
import { imageCorrupt, imageTooLarge } from './images/image-errors.ts';
import type { ImageTask } from './images/image-task.ts';
import { createImageWorkerPool } from './images/image-worker-pool.ts';
import { maxPixelsOf } from './images/pixel-limit.ts';
import { readImageHeader } from './images/read-image-header.ts';
import type { DerivedImage, ImageMetadata, ImageTransform } from './images/transform-image.ts';
import { type MediaFile, type OpenMediaFileOptions, openMediaFile } from './open-media-file.ts';
import { MediaProcessError } from './sandbox/media-process-error.ts';
import { masterPlaylist, type Rendition } from './video/master-playlist.ts';

/** The slice of configuration that media takes. */
export interface MediaOptions {
  maxPixels: number;
  /** Maximum number of image workers, and of ffmpeg processes. */
  concurrency: number;
  /** Memory limit of each process; 512 MB by default. */
  memoryBytes?: number;
  /** Directory of ffmpeg and ffprobe; PATH by default. */
  toolsDirectory?: string | undefined;
  /** Maximum duration of video and audio; two hours by default. */
  maxSeconds?: number;
}

/** Images of the same owner may share a worker process. */
export interface ImageOwner {
  owner?: string;
}

/** Detects, checks and converts files. */
export interface Media {
  detectContentType(head: Uint8Array): Promise<string | undefined>;
  /**
   * Checks header and structure of an image without decoding it. Throws DomainValidationError
   * IMAGE_TOO_LARGE or IMAGE_CORRUPT (422).
   */
  checkImage(bytes: Uint8Array): void;
  /**
   * A WebP of at most 2048 px, a thumbnail of at most 320 px per side, and a placeholder. Throws as
   * `checkImage`, and IMAGE_TOO_COSTLY; a retryable MEDIA_PROCESS_DIED when the worker crashes.
   */
  createVariants(bytes: Uint8Array, owner?: ImageOwner): Promise<Variants>;
  /** Throws as `createVariants`, and IMAGE_CROP_OUTSIDE (422). */
  transformImage(
    bytes: Uint8Array,
    transform: ImageTransform,
    owner?: ImageOwner,
  ): Promise<DerivedImage>;
  /** Several transforms of one image, in their order; all or none, at most 32 MB together. */
  transformImages(
    bytes: Uint8Array,
    transforms: readonly ImageTransform[],
    owner?: ImageOwner,
  ): Promise<DerivedImage[]>;
  /** Throws as `createVariants`. */
  describeImage(bytes: Uint8Array): Promise<ImageMetadata>;
  /** Opens a video or audio file for conversion; the caller closes it. */
  openMediaFile(source: ByteSource, options: OpenMediaFileOptions): Promise<MediaFile>;
  /** The HLS master playlist of several renditions, lowest first. */
  masterPlaylist(renditions: readonly Rendition[]): string;
}

const DEFAULT_MEMORY_BYTES = 512 * 1024 * 1024;
const DEFAULT_MAX_SECONDS = 7_200;

export function createMedia({
  maxPixels,
  concurrency,
  memoryBytes = DEFAULT_MEMORY_BYTES,
  toolsDirectory,
  maxSeconds = DEFAULT_MAX_SECONDS,
}: MediaOptions): Media {
  const performInWorker = createImageWorkerPool({ maxPixels, memoryBytes, concurrency });
  // Separate slots: videos take minutes, and images must not wait for them.
  const limits = { toolsDirectory, memoryBytes, maxPixels, maxSeconds };
  const ffmpeg = { ...limits, withSlot: limitConcurrency(concurrency) };
  function checkImage(bytes: Uint8Array) {
    const header = readImageHeader(bytes);
    if (!header || header.width * header.height === 0) throw imageCorrupt();
    const limit = maxPixelsOf(header.format, maxPixels);
    if (header.width * header.height > limit) throw imageTooLarge(limit);
    if (!header.isComplete) throw imageCorrupt();
  }
  async function perform(bytes: Uint8Array, task: ImageTask, { owner }: ImageOwner = {}) {
    checkImage(bytes);
    return performInWorker(bytes, task, owner);
  }
  async function transformImages(
    bytes: Uint8Array,
    transforms: readonly ImageTransform[],
    owner?: ImageOwner,
  ) {
    const { files } = await perform(bytes, { kind: 'transforms', transforms }, owner);
    return files as DerivedImage[];
  }
  return {
    detectContentType,
    checkImage,
    transformImages,
    async createVariants(bytes, owner) {
      const { files, placeholder = '' } = await perform(bytes, { kind: 'variants' }, owner);
      return { variants: files as Variants['variants'], placeholder };
    },
    async transformImage(bytes, transform, owner) {
      const [image] = await transformImages(bytes, [transform], owner);
      if (!image) throw new MediaProcessError(new Error('The image worker returned no image'));
      return image;
    },
    async describeImage(bytes) {
      const { metadata } = await perform(bytes, { kind: 'metadata' });
      if (!metadata)
        throw new MediaProcessError(new Error('The image worker returned no metadata'));
      return metadata;
    },
    masterPlaylist,
    openMediaFile: (source, options) => openMediaFile(source, options, ffmpeg),
  };
}
