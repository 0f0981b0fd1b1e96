import type { ImageTransform } from '@insightdesk/shared/media';
import { z } from 'zod';

const lengths = [16, 32, 48, 64, 96, 128, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 2048];
const MAX_LENGTH = 2048;
const length = z.literal(lengths).optional();

/** The images that can be requested: few combinations, so that cached images are reused. */
export const imageRequest = z
  .strictObject({
    width: length.describe('Maximum width in pixels; images are never enlarged'),
    height: length.describe('Maximum height in pixels'),
    fit: z.enum(['inside', 'cover', 'contain']).default('inside'),
    format: z.enum(['webp', 'jpeg', 'png', 'avif']).default('webp'),
    quality: z.literal([40, 60, 75, 90]).default(75).describe('Ignored for PNG'),
  })
  .meta({ id: 'ImageRequest' });

export type ImageRequest = z.output<typeof imageRequest>;

export function toTransform({ width, height, fit, format, quality }: ImageRequest): ImageTransform {
  const hasBoth = width !== undefined && height !== undefined;
  return {
    width: width ?? MAX_LENGTH,
    height: height ?? MAX_LENGTH,
    fit: hasBoth ? fit : 'inside',
    format,
    ...(format !== 'png' && { quality }),
  };
}

/** The name of the cached file; equal for requests that render the same image. */
export function imageFileName(request: ImageRequest): string {
  const { width, height, fit, format, quality } = toTransform(request);
  return `${width}x${height}-${fit}${quality === undefined ? '' : `-q${quality}`}.${format}`;
}
