import { deflateSync } from 'node:zlib';
import { createPng, pngChunk } from '@insightdesk/shared/testing';
import sharp from 'sharp';

/** Pixels that encode like a photograph: smooth and slightly noisy in three channels. */
function scene(width: number, height: number): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const grain = ((x * 7919 + y * 104729) >>> 3) & 15;
      pixels[at] = (x * 200) / width + grain;
      pixels[at + 1] = (y * 200) / height + grain;
      pixels[at + 2] = 120 + 80 * Math.sin((x + y) / 90) + grain;
    }
  }
  return pixels;
}

/** An image to encode in any format. */
export function testImage(width: number, height: number) {
  return sharp(scene(width, height), { raw: { width, height, channels: 3 } });
}

/** A JPEG of a phone held upright: stored rotated, with camera and location in its EXIF. */
export function phonePhoto(width: number, height: number): Promise<Buffer> {
  const IFD3 = { GPSLatitudeRef: 'N', GPSLatitude: '48/1 51/1 30/1', GPSLongitudeRef: 'E' };
  return testImage(width, height)
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD0: { Make: 'Pocket', Model: 'Pocket 3' }, IFD3 })
    .jpeg({ quality: 88 })
    .toBuffer();
}

/** A GIF of `pages` frames. */
export function animation(side: number, pages: number): Promise<Buffer> {
  const raw = { width: side, height: side * pages, channels: 3, pageHeight: side } as const;
  return sharp(scene(side, side * pages), { raw })
    .gif({ delay: Array(pages).fill(40) })
    .toBuffer();
}

/** A valid PNG of a few kilobytes that needs width x height bytes of memory. */
export function bombPng(width: number, height: number): Buffer {
  const rows = deflateSync(Buffer.alloc((width + 1) * Math.min(height, 200)), { level: 9 });
  return createPng(width, height, [pngChunk('IDAT', rows)]);
}
