import { deflateSync } from 'node:zlib';

const WIDTH = 24;
const HEIGHT = 16;

/** The same small image in every supported format. */
export async function smallImages() {
  const { default: sharp } = await import(
    Bun.resolveSync('sharp', `${import.meta.dir}/../../../shared`)
  );
  const pixels = Buffer.from(Array.from({ length: WIDTH * HEIGHT * 3 }, (_, n) => (n * 37) % 251));
  const createImage = () => sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  const images = await Promise.all([
    createImage().png().toBuffer(),
    createImage().jpeg({ quality: 60 }).toBuffer(),
    createImage().webp({ quality: 60 }).toBuffer(),
    createImage().gif().toBuffer(),
    createImage().avif({ quality: 40 }).toBuffer(),
  ]);
  const [png, jpeg, webp, gif, avif] = images as [Buffer, Buffer, Buffer, Buffer, Buffer];
  return { png, jpg: jpeg, webp, gif, avif };
}

/** Compressed zeros, a thousand times smaller. */
export const compressZeros = (sizeBytes: number) =>
  deflateSync(Buffer.alloc(sizeBytes), { level: 9 });

/** A GIF with this number of frames, each of the full size and with one code. */
export function gif(side: number, frames: number): Buffer {
  const screen = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  screen.writeUInt16LE(side, 6);
  screen.writeUInt16LE(side, 8);
  const frame = Buffer.from(',\0\0\0\0\0\0\0\0\0\x02\x02\x44\x01\0', 'latin1');
  frame.writeUInt16LE(side, 5);
  frame.writeUInt16LE(side, 7);
  return Buffer.concat([screen, ...Array<Buffer>(frames).fill(frame), Buffer.from(';')]);
}

/** A TIFF with these dimensions in its only directory. */
export function tiff(width: number, height: number): Buffer {
  const entries = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [278, height],
    [279, 4],
  ] as const;
  const file = Buffer.alloc(10 + entries.length * 12 + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries.length, 8);
  for (const [n, [tag, value]] of entries.entries()) {
    file.writeUInt16LE(tag, 10 + n * 12);
    file.writeUInt16LE(4, 12 + n * 12);
    file.writeUInt32LE(1, 14 + n * 12);
    file.writeUInt32LE(value, 18 + n * 12);
  }
  return file;
}
