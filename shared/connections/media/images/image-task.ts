import type { ImageMetadata, ImageTransform } from './transform-image.ts';

/** What the process that decodes is asked. */
export type ImageTask =
  | { kind: 'variants' }
  | { kind: 'transforms'; transforms: readonly ImageTransform[] }
  | { kind: 'metadata' };

/** A task and how large its picture is, whose bytes follow. */
export interface ImageRequest {
  task: ImageTask;
  maxPixels: number;
  sizeBytes: number;
}

/** What it answers, followed by the bytes of the variants. */
export interface ImageResponse {
  variants: { sizeBytes: number }[];
  placeholder?: string;
  metadata?: ImageMetadata;
}
