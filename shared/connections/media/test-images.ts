import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** Smooth and slightly noisy in three channels, as a photograph is to an encoder. */
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

/** A picture to be encoded as a test likes. */
export function picture(width: number, height: number) {
  return sharp(scene(width, height), { raw: { width, height, channels: 3 } });
}

/** A JPEG as a phone held upright writes it: stored lying, with camera and place in its EXIF. */
export function phonePhoto(width: number, height: number): Promise<Buffer> {
  const IFD3 = { GPSLatitudeRef: 'N', GPSLatitude: '48/1 51/1 30/1', GPSLongitudeRef: 'E' };
  return picture(width, height)
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD0: { Make: 'Pocket', Model: 'Pocket 3' }, IFD3 })
    .jpeg({ quality: 88 })
    .toBuffer();
}

/** A GIF of `pages` pictures. */
export function animation(side: number, pages: number): Promise<Buffer> {
  const raw = { width: side, height: side * pages, channels: 3, pageHeight: side } as const;
  return sharp(scene(side, side * pages), { raw })
    .gif({ delay: Array(pages).fill(40) })
    .toBuffer();
}

/** A valid PNG of a few kilobytes that wants width x height bytes of memory. */
export function bombPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = deflateSync(Buffer.alloc((width + 1) * Math.min(height, 200)), { level: 9 });
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', rows),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const chunk = Buffer.alloc(body.byteLength + 8);
  chunk.writeUInt32BE(content.byteLength, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.byteLength + 4);
  return chunk;
}
