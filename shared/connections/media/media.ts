import { limitConcurrency } from '@insightdesk/shared/promises';
import type { ByteSource } from '@insightdesk/shared/streams';
import { detectContentType } from './detect-content-type.ts';
import { masterPlaylist, type Rendition } from './video/video-arguments.ts';
import { maxPixelsOf } from './images/pixel-limit.ts';
import { imageCorrupt, MediaProcessError, imageTooLarge } from './images/image-errors.ts';
import { readImageHeader } from './images/read-image-header.ts';
import { createImageWorkerPool } from './images/image-worker-pool.ts';
import type { ImageTask } from './images/image-task.ts';
import type { Variants } from './images/create-variants.ts';
import { type OpenMediaFileOptions, openMediaFile, type MediaFile } from './ffmpeg/media-file.ts';
import type { DerivedImage, ImageMetadata, ImageTransform } from './images/transform-image.ts';

/** The slice of configuration that media takes. */
export interface MediaOptions {
  maxPixels: number;
  /** Images decoded at a time, each in a process of its own or of its owner. */
  concurrency: number;
  /** What such a process may take; 512 MB unless said. */
  memoryBytes?: number;
  /** Where ffmpeg and ffprobe are; PATH unless said. */
  toolsDirectory?: string | undefined;
  /** Of videos and sounds; two hours unless said. */
  maxSeconds?: number;
}

/** Whose a picture is; those of one owner may be decoded in one process, a few in a row. */
export interface ImageOwner {
  owner?: string;
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
  createVariants(bytes: Uint8Array, of?: ImageOwner): Promise<Variants>;
  /** One picture made of another. Throws like `createVariants`, and IMAGE_CROP_OUTSIDE (422). */
  transformImage(bytes: Uint8Array, transform: ImageTransform, of?: ImageOwner): Promise<DerivedImage>;
  /** The same for several, in one process and in their order; all or none, 32 MB together at most. */
  transformImages(
    bytes: Uint8Array,
    transforms: readonly ImageTransform[],
    of?: ImageOwner,
  ): Promise<DerivedImage[]>;
  /** What is known of a picture; throws like `createVariants`. */
  describeImage(bytes: Uint8Array): Promise<ImageMetadata>;
  /** Opens a video or a sound for what ffmpeg makes of it; whoever opens it closes it. */
  openMediaFile(source: ByteSource, options: OpenMediaFileOptions): Promise<MediaFile>;
  /** The playlist of several rungs for HTTP live streaming, the poorest first. */
  masterPlaylist(rungs: readonly Rendition[]): string;
}

const MEMORY_BYTES = 512 * 1024 * 1024;
const TWO_HOURS = 7_200;

/** Creates the media tools. */
export function createMedia({
  maxPixels,
  concurrency,
  memoryBytes = MEMORY_BYTES,
  toolsDirectory,
  maxSeconds = TWO_HOURS,
}: MediaOptions): Media {
  const askProcess = createImageWorkerPool({ maxPixels, memoryBytes, concurrency });
  // Films take minutes: pictures do not wait for them.
  const limits = { toolsDirectory, memoryBytes, maxPixels, maxSeconds };
  const ffmpeg = { ...limits, turn: limitConcurrency(concurrency) };
  function checkImage(bytes: Uint8Array) {
    const header = readImageHeader(bytes);
    if (!header || header.width * header.height === 0) throw imageCorrupt();
    const allowed = maxPixelsOf(header.format, maxPixels);
    if (header.width * header.height > allowed) throw imageTooLarge(allowed);
    if (!header.isWhole) throw imageCorrupt();
  }
  async function ask(bytes: Uint8Array, task: ImageTask, { owner }: ImageOwner = {}) {
    checkImage(bytes);
    return askProcess(bytes, task, owner);
  }
  async function transformImages(
    bytes: Uint8Array,
    transforms: readonly ImageTransform[],
    of?: ImageOwner,
  ) {
    const { files } = await ask(bytes, { kind: 'transforms', transforms }, of);
    return files as DerivedImage[];
  }
  return {
    detectContentType,
    checkImage,
    transformImages,
    async createVariants(bytes, of) {
      const { files, placeholder = '' } = await ask(bytes, { kind: 'variants' }, of);
      return { variants: files as Variants['variants'], placeholder };
    },
    async transformImage(bytes, transform, of) {
      const [image] = await transformImages(bytes, [transform], of);
      if (!image) throw new MediaProcessError(new Error('The process made nothing'));
      return image;
    },
    async describeImage(bytes) {
      const { metadata } = await ask(bytes, { kind: 'metadata' });
      if (!metadata) throw new MediaProcessError(new Error('The process said nothing'));
      return metadata;
    },
    masterPlaylist,
    openMediaFile: (source, options) => openMediaFile(source, options, ffmpeg),
  };
}
