import type { Metadata, Sharp } from 'sharp';
import { maxPixelsOf } from './pixel-limit.ts';
import { ImageError } from './image-error-code.ts';
import { loadSharp } from './load-sharp.ts';

/** What is made of a picture; it is never enlarged. */
export interface ImageTransform {
  /** In pixels, 1 to 4,096; of the upright picture. The other side follows where one is missing. */
  width?: number | undefined;
  height?: number | undefined;
  fit: 'cover' | 'contain' | 'inside' | 'outside' | 'fill';
  format: 'jpeg' | 'png' | 'webp' | 'avif';
  /** 1 to 100, of each format's own scale; a PNG loses nothing whatever is said. */
  quality?: number | undefined;
  /** A part of the upright picture, in its pixels; cut out first. */
  crop?: { left: number; top: number; width: number; height: number } | undefined;
  /** Keeps an animation moving, in WebP only; its pictures count together. */
  animated?: boolean | undefined;
}

/** What became of a picture; without EXIF, place or profile, upright, in sRGB. */
export interface DerivedImage {
  bytes: Uint8Array<ArrayBuffer>;
  contentType: `image/${ImageTransform['format']}`;
  width: number;
  height: number;
}

/** What is known of a picture, its sides as it is looked at. */
export interface ImageMetadata {
  format: string;
  width: number;
  height: number;
  hasAlpha: boolean;
  /** Of an animation; 1 without. */
  frames: number;
  /** Of a second's thousandths, for all pictures together; 0 without animation. */
  durationMs: number;
}

const TIMEOUT_SECONDS = 30;
const usual = { jpeg: 80, png: 100, webp: 80, avif: 55 };
const white = { r: 255, g: 255, b: 255 };

/** Only ever called in a process of its own: see `image-child.ts`. */
export async function transformImage(
  source: Uint8Array,
  maxPixels: number,
  wanted: ImageTransform,
): Promise<DerivedImage> {
  const { width, height, fit, format, crop } = wanted;
  const animated = wanted.animated === true && format === 'webp' && !crop;
  let picture = (await openImage(source, maxPixels, animated)).timeout({
    seconds: TIMEOUT_SECONDS,
  });
  if (!animated) picture = picture.autoOrient();
  if (crop) {
    const upright = await readImageMetadata(source, maxPixels);
    if (crop.left + crop.width > upright.width || crop.top + crop.height > upright.height) {
      throw new ImageError('IMAGE_CROP_OUTSIDE');
    }
    picture = picture.extract(crop);
  }
  const background = format === 'jpeg' ? { ...white, alpha: 1 } : { ...white, alpha: 0 };
  if (width !== undefined || height !== undefined) {
    const sides = { ...(width && { width }), ...(height && { height }) };
    picture = picture.resize({ ...sides, fit, withoutEnlargement: true, background });
  }
  if (format === 'jpeg') picture = picture.flatten({ background: white });
  const { data, info } = await encode(picture, wanted).toBuffer({ resolveWithObject: true });
  return {
    bytes: new Uint8Array(data),
    contentType: `image/${format}`,
    width: info.width,
    height: info.pageHeight ?? info.height,
  };
}

function encode(picture: Sharp, { format, quality = usual[format] }: ImageTransform): Sharp {
  switch (format) {
    case 'jpeg':
      return picture.jpeg({ quality, mozjpeg: true });
    case 'png':
      return picture.png({ compressionLevel: 9 });
    case 'webp':
      return picture.webp({ quality });
    case 'avif':
      return picture.avif({ quality, effort: 3 });
  }
}

/** A picture of no more than its format may have. */
async function openImage(source: Uint8Array, maxPixels: number, animated = false): Promise<Sharp> {
  const sharp = await loadSharp();
  const open = (limitInputPixels: number) =>
    sharp(source, { limitInputPixels, failOn: 'truncated', sequentialRead: !animated, animated });
  const { format, width, height } = await open(maxPixels).metadata();
  const allowed = maxPixelsOf(format === 'heif' ? 'avif' : format, maxPixels);
  if (width * height > allowed) throw new ImageError('IMAGE_TOO_LARGE');
  return open(allowed);
}

/** Of its header. */
export async function readImageMetadata(source: Uint8Array, maxPixels: number): Promise<ImageMetadata> {
  const told = await (await openImage(source, maxPixels)).metadata();
  const { width, height } = told.autoOrient;
  return {
    format: told.format === 'heif' ? 'avif' : told.format,
    width,
    height,
    hasAlpha: told.hasAlpha,
    frames: told.pages ?? 1,
    durationMs: durationOf(told),
  };
}

const durationOf = ({ delay = [], pages = 1 }: Metadata) =>
  pages > 1 ? delay.reduce((sum, ms) => sum + ms, 0) : 0;
