import type { Metadata, Sharp } from 'sharp';
import { toImageError } from './image-errors.ts';
import { loadSharp } from './load-sharp.ts';

/** A path on this machine, or the bytes themselves. */
export type ImageSource = string | Uint8Array;

/** As seen by the viewer: the orientation that a camera recorded is applied. */
export interface ImageDetails {
  width: number;
  height: number;
  format: 'jpeg' | 'png' | 'webp' | 'gif' | 'avif';
}

/** A derived file; sides in pixels. */
export interface Variant {
  name: 'webp' | 'thumbnail';
  bytes: Uint8Array<ArrayBuffer>;
  contentType: 'image/webp';
  width: number;
  height: number;
}

const INSPECTION_SIDE = 64;
const MAX_PAGES = 32;
const TIMEOUT_SECONDS = 30;
const webp = { side: 2048, quality: 82 };
const thumbnail = { side: 320, quality: 78 };

/** Reads the header, refuses by it, then decodes everything once to see that it is all there. */
export async function inspectImage(source: ImageSource, maxPixels: number): Promise<ImageDetails> {
  return translated(maxPixels, async () => {
    const metadata = await (await open(source, maxPixels)).metadata();
    const image = await open(source, maxPixels, pagesToDecode(metadata, maxPixels));
    await image.resize(INSPECTION_SIDE, INSPECTION_SIDE, inside).raw().toBuffer();
    const { width, height } = metadata.autoOrient;
    return { width, height, format: formatOf(metadata) };
  });
}

/** Decodes once, upright, in sRGB, without metadata; animations give their first picture. */
export async function createVariants(source: ImageSource, maxPixels: number): Promise<Variant[]> {
  return translated(maxPixels, async () => {
    const image = await open(source, maxPixels);
    const { data, info } = await image
      .autoOrient()
      .resize(webp.side, webp.side, inside)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const sharp = await loadSharp();
    const picture = () => sharp(data, { raw: { width, height, channels } });
    return [
      await encode('webp', picture(), webp.quality),
      await encode(
        'thumbnail',
        picture().resize(thumbnail.side, thumbnail.side, inside),
        thumbnail.quality,
      ),
    ];
  });
}

const inside = { fit: 'inside', withoutEnlargement: true } as const;

async function open(source: ImageSource, maxPixels: number, pages = 1) {
  const sharp = await loadSharp();
  const options = {
    limitInputPixels: maxPixels,
    failOn: 'truncated',
    sequentialRead: true,
  } as const;
  return sharp(source, { ...options, pages }).timeout({ seconds: TIMEOUT_SECONDS });
}

function pagesToDecode({ format, width, height, pages = 1 }: Metadata, maxPixels: number): number {
  const isAnimation = format === 'gif' || format === 'webp';
  return isAnimation ? Math.min(pages, MAX_PAGES, Math.floor(maxPixels / (width * height))) : 1;
}

function formatOf({ format }: Metadata): ImageDetails['format'] {
  return format === 'heif' ? 'avif' : (format as ImageDetails['format']);
}

async function encode(name: Variant['name'], picture: Sharp, quality: number): Promise<Variant> {
  const { data, info } = await picture.webp({ quality }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { name, bytes: new Uint8Array(data), contentType: 'image/webp', width, height };
}

async function translated<T>(maxPixels: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toImageError(error, maxPixels);
  }
}
