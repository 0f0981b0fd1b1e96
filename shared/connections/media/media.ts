import { createFairQueue } from '@insightdesk/shared/promises';
import type { ByteSource } from '@insightdesk/shared/streams';
import { detectContentType } from './detect-content-type.ts';
import type { Variants } from './images/create-variants.ts';
import { imageCorrupt, imageTooLarge } from './images/image-errors.ts';
import type { ImageTask } from './images/image-task.ts';
import { createImageWorkerPool } from './images/image-worker-pool.ts';
import { maxPixelsOf } from './images/pixel-limit.ts';
import { readImageHeader } from './images/read-image-header.ts';
import type { DerivedImage, ImageMetadata, ImageTransform } from './images/transform-image.ts';
import {
  type MediaFile,
  type OpenMediaFileOptions,
  type OpenSource,
  openMediaFile,
} from './open-media-file.ts';
import { copyToFile } from './sandbox/copy-to-file.ts';
import { MediaProcessError } from './sandbox/media-process-error.ts';
import { createTempDir } from './sandbox/temp-dir.ts';
import { MAX_WAITING, type MediaCaller, takeTurn } from './take-turn.ts';
import { masterPlaylist, type Rendition } from './video/master-playlist.ts';

/** The slice of configuration that media takes. */
export interface MediaOptions {
  maxPixels: number;
  /** How many images, short and long media files are processed at a time, of each kind. */
  concurrency: number;
  /** Memory limit of each process; 512 MB by default. */
  memoryBytes?: number;
  /** Directory of ffmpeg and ffprobe; PATH by default. */
  toolsDirectory?: string | undefined;
  /** Maximum duration of video and audio; two hours by default. */
  maxSeconds?: number;
}

/** Bytes in memory, or a file of which a stream is opened when it is its turn. */
export type ImageSource =
  | Uint8Array
  | { sizeBytes: number; open(): Promise<ByteSource> | ByteSource };

/** Detects, checks and converts files; none is held in memory as a whole. */
export interface Media {
  detectContentType(head: Uint8Array): Promise<string | undefined>;
  /**
   * Checks header and structure of an image without decoding it. Throws DomainValidationError
   * IMAGE_TOO_LARGE or IMAGE_CORRUPT (422).
   */
  checkImage(source: ByteSource, sizeBytes: number): Promise<void>;
  /**
   * A WebP of at most 2048 px, a thumbnail of at most 320 px per side, and a placeholder. Throws as
   * `checkImage`, and IMAGE_TOO_COSTLY; a retryable MEDIA_PROCESS_DIED when the worker crashes.
   */
  createVariants(source: ImageSource, caller?: MediaCaller): Promise<Variants>;
  /** Throws as `createVariants`, and IMAGE_CROP_OUTSIDE (422). */
  transformImage(
    source: ImageSource,
    transform: ImageTransform,
    caller?: MediaCaller,
  ): Promise<DerivedImage>;
  /** Several transforms of one image, in their order; all or none, at most 32 MB together. */
  transformImages(
    source: ImageSource,
    transforms: readonly ImageTransform[],
    caller?: MediaCaller,
  ): Promise<DerivedImage[]>;
  /** Throws as `createVariants`. */
  describeImage(source: ImageSource): Promise<ImageMetadata>;
  /** Opens a video or audio file for conversion; the caller closes it. */
  openMediaFile(source: OpenSource, options: OpenMediaFileOptions): Promise<MediaFile>;
  /** The HLS master playlist of several renditions, lowest first. */
  masterPlaylist(renditions: readonly Rendition[]): string;
}

const DEFAULT_MEMORY_BYTES = 512 * 1024 * 1024;
const DEFAULT_MAX_SECONDS = 7_200;
/** Temporary files of images of one process; a larger image is processed alone. */
const IMAGE_BYTES = 64 * 1024 * 1024;

export function createMedia({
  maxPixels,
  concurrency,
  memoryBytes = DEFAULT_MEMORY_BYTES,
  toolsDirectory,
  maxSeconds = DEFAULT_MAX_SECONDS,
}: MediaOptions): Media {
  const performInWorker = createImageWorkerPool({ maxPixels, memoryBytes, concurrency });
  const images = createFairQueue({ concurrency, maxWaiting: MAX_WAITING, maxBytes: IMAGE_BYTES });
  // Separate turns: images do not wait for videos, nor short videos for long ones.
  const files = {
    short: createFairQueue({ concurrency, maxWaiting: MAX_WAITING }),
    long: createFairQueue({ concurrency, maxWaiting: MAX_WAITING }),
  };
  const ffmpeg = { toolsDirectory, memoryBytes, maxPixels, maxSeconds };

  async function checkImage(source: ByteSource, sizeBytes: number) {
    const header = await readImageHeader(source, sizeBytes);
    if (!header || header.width * header.height === 0) throw imageCorrupt();
    const limit = maxPixelsOf(header.format, maxPixels);
    if (header.width * header.height > limit) throw imageTooLarge(limit);
    if (!header.isComplete) throw imageCorrupt();
  }

  /** Copies the image to a temporary file, from which the worker process reads it. */
  async function perform(source: ImageSource, task: ImageTask, caller: MediaCaller = {}) {
    const sizeBytes = source instanceof Uint8Array ? source.byteLength : source.sizeBytes;
    return takeTurn(images, caller, sizeBytes, async () => {
      const { pathOf, remove } = await createTempDir();
      try {
        const path = pathOf('image');
        const bytes = source instanceof Uint8Array ? source : await source.open();
        const storedBytes = await copyToFile(bytes, path, {
          maxBytes: sizeBytes,
          signal: caller.signal,
        });
        await checkImage(Bun.file(path).stream(), storedBytes);
        return await performInWorker(path, task, caller.owner);
      } finally {
        await remove();
      }
    });
  }
  async function transformImages(
    source: ImageSource,
    transforms: readonly ImageTransform[],
    caller?: MediaCaller,
  ) {
    const { files } = await perform(source, { kind: 'transforms', transforms }, caller);
    return files as DerivedImage[];
  }
  return {
    detectContentType,
    checkImage,
    transformImages,
    async createVariants(source, caller) {
      const { files, placeholder = '' } = await perform(source, { kind: 'variants' }, caller);
      return { variants: files as Variants['variants'], placeholder };
    },
    async transformImage(source, transform, caller) {
      const [image] = await transformImages(source, [transform], caller);
      if (!image) throw new MediaProcessError(new Error('The image worker returned no image'));
      return image;
    },
    async describeImage(source) {
      const { metadata } = await perform(source, { kind: 'metadata' });
      if (!metadata)
        throw new MediaProcessError(new Error('The image worker returned no metadata'));
      return metadata;
    },
    masterPlaylist,
    openMediaFile: (source, options) => openMediaFile(source, options, ffmpeg, files),
  };
}
