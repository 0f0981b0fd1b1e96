import { deflateSync } from 'node:zlib';

/** A PNG of random pixels, which does not compress. */
export function randomPng(width: number, height: number): Uint8Array<ArrayBuffer> {
  const row = 1 + 3 * width;
  const pixels = crypto.getRandomValues(new Uint8Array(Math.min(row * height, 65_536)));
  const raw = Buffer.alloc(row * height);
  for (let offset = 0; offset < raw.length; offset += pixels.length)
    raw.set(pixels.subarray(0, raw.length - offset), offset);
  for (let y = 0; y < height; y++) raw[y * row] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(raw)), chunk('IEND')];
  return new Uint8Array(Buffer.concat([signature, ...chunks]));
}

function chunk(type: string, content = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(Bun.hash.crc32(body));
  return Buffer.concat([length, body, check]);
}
