import { describe, expect, setDefaultTimeout, spyOn, test } from 'bun:test';
import { bombAvif } from '@insightdesk/shared/testing';
import sharp from 'sharp';
import { createMedia } from '../index.ts';
import { FileWindow } from './file-window.ts';
import { type ImageFormat, readImageHeader } from './read-image-header.ts';
import { animation, bombPng, phonePhoto, testImage } from './test-images.ts';

setDefaultTimeout(30_000);
const MAX_PIXELS = 12_000_000;
const media = createMedia({ maxPixels: MAX_PIXELS, concurrency: 2 });
const photo = await phonePhoto(2400, 1800);

const cut = (bytes: Uint8Array, share: number) =>
  bytes.subarray(0, Math.floor(bytes.length * share));

const check = (bytes: Uint8Array): Promise<string> =>
  media.checkImage(bytes, bytes.byteLength).then(
    () => 'ok',
    ({ code }) => code,
  );
const headerOf = (bytes: Uint8Array) => readImageHeader(bytes, bytes.byteLength);

/** Yields the bytes in chunks of at most `size`. */
async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

describe('checkImage', () => {
  const encodings = {
    jpeg: testImage(900, 600).jpeg(),
    'progressive jpeg': testImage(900, 600).jpeg({ progressive: true }),
    png: testImage(900, 600).png(),
    'interlaced png': testImage(900, 600).png({ progressive: true }),
    webp: testImage(900, 600).webp(),
    'lossless webp': testImage(900, 600).webp({ lossless: true }),
    'transparent webp': testImage(900, 600).ensureAlpha(0.5).webp(),
    gif: testImage(900, 600).gif({ effort: 1 }),
    avif: testImage(900, 600).avif({ effort: 0 }),
  };
  for (const [name, encoder] of Object.entries(encodings)) {
    test(`the header of a ${name} is read, and a truncated one is rejected`, async () => {
      const bytes = await encoder.toBuffer();
      const format = name.split(' ').at(-1) as ImageFormat;
      const complete = { format, width: 900, height: 600, isComplete: true };
      expect(await headerOf(bytes)).toEqual(complete);
      expect(await readImageHeader(inChunks(bytes, 7), bytes.byteLength)).toEqual(complete);
      expect(await check(bytes)).toBe('ok');
      for (const share of [0.001, 0.02, 0.5, 0.97]) {
        expect(await check(cut(bytes, share))).toBe('IMAGE_CORRUPT');
      }
    });
  }

  test('the headers of a photo and of an animation are read', async () => {
    expect(await headerOf(photo)).toMatchObject({ format: 'jpeg', width: 2400, height: 1800 });
    const moving = await animation(20, 40);
    expect(await headerOf(moving)).toMatchObject({ width: 20, height: 20, isComplete: true });
    const webp = await sharp(moving, { animated: true }).webp().toBuffer();
    expect(await headerOf(webp)).toMatchObject({ width: 20, height: 20, isComplete: true });
  });

  test.each([
    ['complete', 1],
    ['truncated', 0.1],
  ])('a %s decompression bomb is rejected by its header', async (_, share) => {
    const bomb = cut(bombPng(40_000, 40_000), share);
    expect(bomb.byteLength).toBeLessThan(20_000);
    expect(await check(bomb)).toBe('IMAGE_TOO_LARGE');
    await expect(media.createVariants(bomb)).rejects.toMatchObject({ status: 422 });
  });

  test('an image at the pixel limit is accepted, one row more is rejected', async () => {
    const exact = { width: 4000, height: 3000, channels: 3, background: 'teal' } as const;
    const over = { ...exact, height: 3001 };
    const encode = (create: typeof over) => sharp({ create }).png().toBuffer();
    expect(await check(await encode(exact))).toBe('ok');
    expect(await check(await encode(over))).toBe('IMAGE_TOO_LARGE');
  });

  test('an AVIF may have a quarter of the pixel limit', async () => {
    const flat = (side: number) =>
      sharp({ create: { width: side, height: side, channels: 3, background: 'teal' } })
        .avif({ effort: 0 })
        .toBuffer();
    expect(await check(await flat(1_700))).toBe('ok');
    expect(await check(await flat(1_800))).toBe('IMAGE_TOO_LARGE');
    const large = createMedia({ maxPixels: 50_000_000, concurrency: 1 });
    await expect(large.checkImage(bombAvif, bombAvif.byteLength)).rejects.toThrow('pixels');
    await expect(large.createVariants(bombAvif)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  test('a GIF frame larger than its canvas counts towards the pixel limit', async () => {
    const bytes = Buffer.from(await animation(20, 3));
    const at = bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 20, 0, 20, 0]));
    bytes.writeUInt16LE(60_000, at + 5);
    bytes.writeUInt16LE(60_000, at + 7);
    expect(await check(bytes)).toBe('IMAGE_TOO_LARGE');
  });

  test.each([
    ['text', 'This is not an image.'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'],
    ['an empty file', ''],
    ['the beginning of a video', '\0\0\0\x18ftypisom\0\0\0\0'],
  ])('checkImage rejects %s', async (_name, text) => {
    expect(await check(new TextEncoder().encode(text))).toBe('IMAGE_CORRUPT');
  });

  test('checkImage rejects a TIFF as unsupported', async () => {
    expect(await check(await testImage(30, 20).tiff().toBuffer())).toBe('IMAGE_CORRUPT');
  });

  test('random bytes after a valid header never throw an unexpected error', async () => {
    const heads = [photo.subarray(0, 30), bombPng(9, 9), Buffer.from('\0\0\0\x20ftypavif')];
    for (let n = 0; n < 300; n++) {
      const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(400)));
      const head = heads[n % 3] as Buffer;
      expect(await check(Buffer.concat([head, noise]))).toBeString();
    }
  });
});

/** The photo with segments of metadata that make it `sizeBytes` long, in chunks of 64 KB. */
async function* padded(sizeBytes: number) {
  yield photo.subarray(0, 2);
  for (let rest = sizeBytes - photo.byteLength; rest > 0; ) {
    let length = Math.min(rest, 65_000);
    if (rest - length > 0 && rest - length < 8) length -= 8;
    const segment = Buffer.alloc(length);
    segment.set([0xff, 0xe5]);
    segment.writeUInt16BE(length - 2, 2);
    rest -= length;
    yield segment;
  }
  yield photo.subarray(2);
}

test('checkImage holds one chunk of an image with 16 MB of metadata in memory', async () => {
  using add = spyOn(FileWindow.prototype, 'add');
  let maxBytes = 0;
  async function* measured() {
    for await (const chunk of padded(16_000_000)) {
      for (const window of add.mock.contexts) {
        maxBytes = Math.max(maxBytes, (window as FileWindow).byteLength);
      }
      add.mockClear();
      yield chunk;
    }
  }
  await media.checkImage(measured(), 16_000_000);
  expect(maxBytes).toBeGreaterThan(0);
  expect(maxBytes).toBeLessThan(200_000);
});

describe('createVariants', () => {
  test('a phone photo gets an upright WebP and thumbnail without EXIF', async () => {
    expect(photo.includes('Pocket')).toBe(true);
    const { variants } = await media.createVariants(photo);
    expect(variants.map(({ bytes, ...variant }) => variant)).toEqual([
      { name: 'webp', contentType: 'image/webp', width: 1536, height: 2048 },
      { name: 'thumbnail', contentType: 'image/webp', width: 240, height: 320 },
    ]);
    for (const { bytes, width, height } of variants) {
      const metadata = await sharp(bytes).metadata();
      expect(metadata).toMatchObject({ format: 'webp', width, height });
      expect([metadata.exif, metadata.icc, metadata.xmp, metadata.orientation]).toEqual(
        Array(4).fill(undefined),
      );
      expect(Buffer.from(bytes).includes('Pocket')).toBe(false);
      expect(bytes.byteLength).toBeLessThan(photo.byteLength);
    }
  });

  test('the pixels of a rotated image are turned, not only its dimensions', async () => {
    const [upright] = (await media.createVariants(photo)).variants;
    const { data } = await sharp(upright?.bytes).raw().toBuffer({ resolveWithObject: true });
    // The scene grows redder to its right; a quarter turn clockwise puts that at the bottom.
    const redAt = (row: number) => data[(row * 1536 + 768) * 3] ?? 0;
    expect(redAt(2000)).toBeGreaterThan(redAt(40) + 100);
  });

  test('temporary files of images have at most 64 MB together, and owners take turns', async () => {
    const wide = createMedia({ maxPixels: MAX_PIXELS, concurrency: 8 });
    const open: string[] = [];
    const order: string[] = [];
    let maxOpen = 0;
    const create = async (owner: string) => {
      const source = {
        sizeBytes: 25_000_000,
        open() {
          order.push(owner);
          open.push(owner);
          maxOpen = Math.max(maxOpen, open.length);
          return padded(25_000_000);
        },
      };
      const { variants } = await wide.createVariants(source, { owner });
      open.splice(open.indexOf(owner), 1);
      return variants.length;
    };
    const owners = ['a', 'a', 'a', 'a', 'a', 'b'];
    expect(await Promise.all(owners.map(create))).toEqual(owners.map(() => 2));
    expect(maxOpen).toBe(2);
    // Two run at once, and one of `a` waited before `b` came.
    expect(order.indexOf('b')).toBeLessThanOrEqual(3);
  });

  test('a small image is not enlarged', async () => {
    const { variants } = await media.createVariants(await testImage(200, 100).png().toBuffer());
    expect(variants.map(({ width, height }) => [width, height])).toEqual([
      [200, 100],
      [200, 100],
    ]);
  });

  test.each([
    ['transparent', { channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } }],
    ['opaque', { channels: 3, background: 'green' }],
  ] as const)('variants of a %s image have the same transparency', async (_name, color) => {
    const create = { width: 500, height: 400, ...color };
    const { variants } = await media.createVariants(await sharp({ create }).png().toBuffer());
    for (const { bytes } of variants) {
      expect((await sharp(bytes).metadata()).hasAlpha).toBe(color.channels === 4);
    }
  });

  const unusual = {
    'gray levels': () => testImage(500, 400).toColourspace('b-w').png().toBuffer(),
    '16 bits': () => testImage(500, 400).toColourspace('rgb16').png().toBuffer(),
    'CMYK colors': () => testImage(500, 400).toColourspace('cmyk').jpeg().toBuffer(),
    'one row': () => testImage(6000, 1).png().toBuffer(),
    'a palette': () => testImage(300, 200).png({ palette: true, effort: 1 }).toBuffer(),
    'an animation': () => animation(60, 4),
  };
  for (const [name, make] of Object.entries(unusual)) {
    test(`an image with ${name} is converted to sRGB`, async () => {
      const source = await make();
      for (const variant of (await media.createVariants(source)).variants) {
        const metadata = await sharp(variant.bytes).metadata();
        expect(metadata.width).toBe(variant.width);
        expect([metadata.space, metadata.pages]).toEqual(['srgb', undefined]);
        const [actual, expected] = [await meanOf(variant.bytes), await meanOf(source)];
        for (const [channel, mean] of expected.entries()) {
          expect(Math.abs((actual[channel] ?? 0) - mean)).toBeLessThan(6);
        }
      }
    });
  }

  test('a PNG with damaged content is rejected when it is decoded', async () => {
    const bytes = Buffer.from(await testImage(900, 600).png().toBuffer());
    const middle = bytes.length >> 1;
    bytes.fill(0x5a, middle, middle + 200);
    expect(await check(bytes)).toBe('ok');
    await expect(media.createVariants(bytes)).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
  });
});

async function meanOf(bytes: Uint8Array): Promise<number[]> {
  const { channels } = await sharp(
    await sharp(bytes).toColourspace('srgb').png().toBuffer(),
  ).stats();
  return channels.slice(0, 3).map(({ mean }) => mean);
}
