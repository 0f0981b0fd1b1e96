import type { ImageMetadata, ImageTransform } from './transform.ts';

/** What the process that decodes is asked. */
export type ImageTask =
  | { kind: 'variants' }
  | { kind: 'transforms'; transforms: readonly ImageTransform[] }
  | { kind: 'metadata' };

/** What it answers, followed by the bytes of the variants. */
export interface ImageAnswer {
  variants: { sizeBytes: number }[];
  placeholder?: string;
  metadata?: ImageMetadata;
}
