import type { ImageTransform } from '@insightdesk/shared/media';
import { z } from 'zod';

const sides = [16, 32, 48, 64, 96, 128, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 2048];
const LARGEST = 2048;
const side = z.literal(sides).optional();

/** How a picture may be asked for: few ways, so that what was made once serves again. */
export const imageRequest = z
  .strictObject({
    width: side.describe('Pixels at most; nothing is enlarged'),
    height: side.describe('Pixels at most'),
    fit: z.enum(['inside', 'cover', 'contain']).default('inside'),
    format: z.enum(['webp', 'jpeg', 'png', 'avif']).default('webp'),
    quality: z.literal([40, 60, 75, 90]).default(75).describe('Not of PNG'),
  })
  .meta({ id: 'ImageRequest' });

export type ImageRequest = z.output<typeof imageRequest>;

/** A side that was not named is as long as may be. */
export function toTransform({ width, height, fit, format, quality }: ImageRequest): ImageTransform {
  const isWhole = width !== undefined && height !== undefined;
  return {
    width: width ?? LARGEST,
    height: height ?? LARGEST,
    fit: isWhole ? fit : 'inside',
    format,
    ...(format !== 'png' && { quality }),
  };
}

/** The same for all requests that mean the same; the name of the derived file. */
export function imageFileName(request: ImageRequest): string {
  const { width, height, fit, format, quality } = toTransform(request);
  return `${width}x${height}-${fit}${quality === undefined ? '' : `-q${quality}`}.${format}`;
}
