import type { Sharp } from 'sharp';
import { ImageError } from './image-error-code.ts';
import { loadSharp } from './load-sharp.ts';
import { maxPixelsOf } from './pixel-limit.ts';

/** A derived image; dimensions in pixels. */
export interface Variant {
  name: 'webp' | 'thumbnail';
  bytes: Uint8Array<ArrayBuffer>;
  contentType: 'image/webp';
  width: number;
  height: number;
}

export interface Variants {
  variants: Variant[];
  /** The image in 16 pixels as a `data:` URL of about 200 bytes, to show until the image has loaded. */
  placeholder: string;
}

const TIMEOUT_SECONDS = 30;
const webp = { maxSide: 2048, quality: 82 };
const thumbnail = { maxSide: 320, quality: 78 };
const tiny = { maxSide: 16, quality: 40 };

/**
 * Decodes an image once and encodes its variants: upright, in sRGB, without metadata. Animations give
 * their first frame. Runs in the image worker only.
 */
export async function createVariants(path: string, maxPixels: number): Promise<Variants> {
  const sharp = await loadSharp();
  const open = (limitInputPixels: number) =>
    sharp(path, { limitInputPixels, failOn: 'truncated', sequentialRead: true });
  const { format, width, height } = await open(maxPixels).metadata();
  const limit = maxPixelsOf(format === 'heif' ? 'avif' : format, maxPixels);
  if (width * height > limit) throw new ImageError('IMAGE_TOO_LARGE');
  const { data, info } = await open(limit)
    .timeout({ seconds: TIMEOUT_SECONDS })
    .autoOrient()
    .resize(webp.maxSide, webp.maxSide, inside)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { channels } = info;
  const raw = { width: info.width, height: info.height, channels };
  const small = sharp(data, { raw }).resize(thumbnail.maxSide, thumbnail.maxSide, inside);
  const smallest = sharp(data, { raw }).resize(tiny.maxSide, tiny.maxSide, inside);
  const placeholder = await smallest.webp({ quality: tiny.quality }).toBuffer();
  return {
    variants: [
      await encode('webp', sharp(data, { raw }), webp.quality),
      await encode('thumbnail', small, thumbnail.quality),
    ],
    placeholder: `data:image/webp;base64,${placeholder.toString('base64')}`,
  };
}

const inside = { fit: 'inside', withoutEnlargement: true } as const;

async function encode(name: Variant['name'], image: Sharp, quality: number): Promise<Variant> {
  const { data, info } = await image.webp({ quality }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { name, bytes: new Uint8Array(data), contentType: 'image/webp', width, height };
}
