import type { ImageMetadata, ImageTransform } from './transform-image.ts';

/** A task of the image worker. */
export type ImageTask =
  | { kind: 'variants' }
  | { kind: 'transforms'; transforms: readonly ImageTransform[] }
  | { kind: 'metadata' };

/** A request to the image worker. */
export interface ImageRequest {
  task: ImageTask;
  maxPixels: number;
  /** The file of the image. */
  path: string;
}

/** The response of the image worker, followed by the bytes of the variants. */
export interface ImageResponse {
  variants: { sizeBytes: number }[];
  placeholder?: string;
  metadata?: ImageMetadata;
}
