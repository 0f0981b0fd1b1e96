import type { Sharp } from 'sharp';
import { maxPixelsOf } from './pixel-limit.ts';
import { ImageError } from './image-error-code.ts';
import { loadSharp } from './load-sharp.ts';

/** A derived file; sides in pixels. */
export interface Variant {
  name: 'webp' | 'thumbnail';
  bytes: Uint8Array<ArrayBuffer>;
  contentType: 'image/webp';
  width: number;
  height: number;
}

/** What every picture is turned into. */
export interface Variants {
  variants: Variant[];
  /** 16 pixels of it as a `data:` URL of some 200 bytes, to be shown until the picture is there. */
  placeholder: string;
}

const TIMEOUT_SECONDS = 30;
const webp = { side: 2048, quality: 82 };
const thumbnail = { side: 320, quality: 78 };
const tiny = { side: 16, quality: 40 };

/**
 * Decodes once, upright, in sRGB, without metadata; animations give their first picture. Only ever
 * called in a process of its own: see `image-child.ts`.
 */
export async function createVariants(source: Uint8Array, maxPixels: number): Promise<Variants> {
  const sharp = await loadSharp();
  const open = (limitInputPixels: number) =>
    sharp(source, { limitInputPixels, failOn: 'truncated', sequentialRead: true });
  const { format, width, height } = await open(maxPixels).metadata();
  const allowed = maxPixelsOf(format === 'heif' ? 'avif' : format, maxPixels);
  if (width * height > allowed) throw new ImageError('IMAGE_TOO_LARGE');
  const { data, info } = await open(allowed)
    .timeout({ seconds: TIMEOUT_SECONDS })
    .autoOrient()
    .resize(webp.side, webp.side, inside)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { channels } = info;
  const raw = { width: info.width, height: info.height, channels };
  const small = sharp(data, { raw }).resize(thumbnail.side, thumbnail.side, inside);
  const dots = sharp(data, { raw }).resize(tiny.side, tiny.side, inside);
  const placeholder = await dots.webp({ quality: tiny.quality }).toBuffer();
  return {
    variants: [
      await encode('webp', sharp(data, { raw }), webp.quality),
      await encode('thumbnail', small, thumbnail.quality),
    ],
    placeholder: `data:image/webp;base64,${placeholder.toString('base64')}`,
  };
}

const inside = { fit: 'inside', withoutEnlargement: true } as const;

async function encode(name: Variant['name'], picture: Sharp, quality: number): Promise<Variant> {
  const { data, info } = await picture.webp({ quality }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { name, bytes: new Uint8Array(data), contentType: 'image/webp', width, height };
}
