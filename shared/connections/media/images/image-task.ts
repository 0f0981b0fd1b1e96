import type { ImageMetadata, ImageTransform } from './transform-image.ts';

/** A task of the image worker. */
export type ImageTask =
  | { kind: 'variants' }
  | { kind: 'transforms'; transforms: readonly ImageTransform[] }
  | { kind: 'metadata' };

/** A request to the image worker, followed by the bytes of the image. */
export interface ImageRequest {
  task: ImageTask;
  maxPixels: number;
  sizeBytes: number;
}

/** The response of the image worker, followed by the bytes of the variants. */
export interface ImageResponse {
  variants: { sizeBytes: number }[];
  placeholder?: string;
  metadata?: ImageMetadata;
}
