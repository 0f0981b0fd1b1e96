import type { Metadata, Sharp } from 'sharp';
import { ImageError } from './image-error-code.ts';
import { loadSharp } from './load-sharp.ts';
import { maxPixelsOf } from './pixel-limit.ts';

/** How an image is transformed; images are never enlarged. */
export interface ImageTransform {
  /** In pixels of the upright image, 1 to 4,096. A missing side keeps the aspect ratio. */
  width?: number | undefined;
  height?: number | undefined;
  fit: 'cover' | 'contain' | 'inside' | 'outside' | 'fill';
  format: 'jpeg' | 'png' | 'webp' | 'avif';
  /** 1 to 100, on the scale of the format; ignored for PNG. */
  quality?: number | undefined;
  /** An area of the upright image in pixels; applied first. */
  crop?: { left: number; top: number; width: number; height: number } | undefined;
  /** Preserves an animation, in WebP only; its frames count together towards the pixel limit. */
  animated?: boolean | undefined;
}

/** A transformed image: upright, in sRGB, without EXIF, location and profile. */
export interface DerivedImage {
  bytes: Uint8Array<ArrayBuffer>;
  contentType: `image/${ImageTransform['format']}`;
  width: number;
  height: number;
}

/** Metadata of an image; dimensions of the upright image. */
export interface ImageMetadata {
  format: string;
  width: number;
  height: number;
  hasAlpha: boolean;
  /** Number of frames of an animation; 1 without animation. */
  frames: number;
  /** Duration of all frames; 0 without animation. */
  durationMs: number;
}

const TIMEOUT_SECONDS = 30;
const defaultQuality = { jpeg: 80, png: 100, webp: 80, avif: 55 };
const white = { r: 255, g: 255, b: 255 };

/** Runs in the image worker only. */
export async function transformImage(
  path: string,
  maxPixels: number,
  transform: ImageTransform,
): Promise<DerivedImage> {
  const { width, height, fit, format, crop } = transform;
  const animated = transform.animated === true && format === 'webp' && !crop;
  let image = (await openImage(path, maxPixels, animated)).timeout({
    seconds: TIMEOUT_SECONDS,
  });
  if (!animated) image = image.autoOrient();
  if (crop) {
    const upright = await readImageMetadata(path, maxPixels);
    if (crop.left + crop.width > upright.width || crop.top + crop.height > upright.height) {
      throw new ImageError('IMAGE_CROP_OUTSIDE');
    }
    image = image.extract(crop);
  }
  const background = format === 'jpeg' ? { ...white, alpha: 1 } : { ...white, alpha: 0 };
  if (width !== undefined || height !== undefined) {
    const dimensions = { ...(width && { width }), ...(height && { height }) };
    image = image.resize({ ...dimensions, fit, withoutEnlargement: true, background });
  }
  if (format === 'jpeg') image = image.flatten({ background: white });
  const { data, info } = await encode(image, transform).toBuffer({ resolveWithObject: true });
  return {
    bytes: new Uint8Array(data),
    contentType: `image/${format}`,
    width: info.width,
    height: info.pageHeight ?? info.height,
  };
}

function encode(image: Sharp, { format, quality = defaultQuality[format] }: ImageTransform): Sharp {
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality, mozjpeg: true });
    case 'png':
      return image.png({ compressionLevel: 9 });
    case 'webp':
      return image.webp({ quality });
    case 'avif':
      return image.avif({ quality, effort: 3 });
  }
}

/** Opens an image within the pixel limit of its format. */
async function openImage(path: string, maxPixels: number, animated = false): Promise<Sharp> {
  const sharp = await loadSharp();
  const open = (limitInputPixels: number) =>
    sharp(path, { limitInputPixels, failOn: 'truncated', sequentialRead: !animated, animated });
  const { format, width, height } = await open(maxPixels).metadata();
  const limit = maxPixelsOf(format === 'heif' ? 'avif' : format, maxPixels);
  if (width * height > limit) throw new ImageError('IMAGE_TOO_LARGE');
  return open(limit);
}

/** Reads the header only. */
export async function readImageMetadata(path: string, maxPixels: number): Promise<ImageMetadata> {
  const metadata = await (await openImage(path, maxPixels)).metadata();
  const { width, height } = metadata.autoOrient;
  return {
    format: metadata.format === 'heif' ? 'avif' : metadata.format,
    width,
    height,
    hasAlpha: metadata.hasAlpha,
    frames: metadata.pages ?? 1,
    durationMs: durationOf(metadata),
  };
}

const durationOf = ({ delay = [], pages = 1 }: Metadata) =>
  pages > 1 ? delay.reduce((sum, ms) => sum + ms, 0) : 0;
