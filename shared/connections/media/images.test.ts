import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createMedia } from './index.ts';
import { animation, bombPng, phonePhoto, picture } from './test-images.ts';

const MAX_PIXELS = 12_000_000;
const media = createMedia({ maxPixels: MAX_PIXELS, concurrency: 2 });
const photo = await phonePhoto(2400, 1800);
const directory = await mkdtemp(join(tmpdir(), 'insightdesk-media-'));
afterAll(() => rm(directory, { recursive: true }));

const cut = (bytes: Uint8Array, share: number) =>
  bytes.subarray(0, Math.floor(bytes.length * share));

describe('inspectImage', () => {
  test('gives the size as seen, from bytes and from a path', async () => {
    const expected = { width: 1800, height: 2400, format: 'jpeg' } as const;
    expect(await media.inspectImage(photo)).toEqual(expected);
    const path = join(directory, 'photo');
    await writeFile(path, photo);
    expect(await media.inspectImage(path)).toEqual(expected);
    await writeFile(path, await picture(30, 20).png().toBuffer());
    expect(await media.inspectImage(path)).toEqual({ width: 30, height: 20, format: 'png' });
  });

  test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('knows %s', async (format) => {
    const bytes = await picture(320, 200).toFormat(format).toBuffer();
    expect(await media.inspectImage(bytes)).toEqual({ width: 320, height: 200, format });
  });

  const encodings = {
    jpeg: picture(900, 600).jpeg(),
    'progressive jpeg': picture(900, 600).jpeg({ progressive: true }),
    png: picture(900, 600).png(),
    'interlaced png': picture(900, 600).png({ progressive: true }),
    webp: picture(900, 600).webp(),
    gif: picture(300, 200).gif({ effort: 1 }),
    avif: picture(300, 200).avif(),
  };
  for (const [name, encoder] of Object.entries(encodings)) {
    test(`refuses a truncated ${name}`, async () => {
      const bytes = await encoder.toBuffer();
      for (const share of [0.02, 0.5, 0.97]) {
        const refused = media.inspectImage(cut(bytes, share));
        await expect(refused).rejects.toMatchObject({ code: 'IMAGE_CORRUPT', status: 422 });
      }
    });
  }

  test('refuses a PNG with damaged content', async () => {
    const bytes = Buffer.from(await picture(900, 600).png().toBuffer());
    const middle = bytes.length >> 1;
    bytes.fill(0x5a, middle, middle + 200);
    await expect(media.inspectImage(bytes)).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
  });

  test.each([
    ['whole', 1],
    ['of which only the header is there', 0.1],
  ])('refuses a decompression bomb %s, by its header', async (_, share) => {
    const bomb = cut(bombPng(40_000, 40_000), share);
    expect(bomb.byteLength).toBeLessThan(20_000);
    for (const call of [media.inspectImage, media.createVariants]) {
      const refused = call(bomb);
      await expect(refused).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE', status: 422 });
    }
  });

  test('takes the largest allowed image and refuses one row more', async () => {
    const exact = { width: 4000, height: 3000, channels: 3, background: 'teal' } as const;
    const over = { ...exact, height: 3001 };
    const encode = (create: typeof over) => sharp({ create }).png().toBuffer();
    expect(await media.inspectImage(await encode(exact))).toMatchObject({ height: 3000 });
    const refused = media.inspectImage(await encode(over));
    await expect(refused).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  test('decodes a bounded number of an animation', async () => {
    const pages = 40;
    const narrow = createMedia({ maxPixels: 20 * 20 * 3, concurrency: 1 });
    const bytes = await animation(20, pages);
    const expected = { width: 20, height: 20, format: 'gif' } as const;
    expect(await media.inspectImage(bytes)).toEqual(expected);
    expect(await narrow.inspectImage(bytes)).toEqual(expected);
  });

  test.each([
    ['text', 'This is no picture, whatever its name.'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'],
    ['nothing', ''],
  ])('refuses %s', async (_name, text) => {
    const refused = media.inspectImage(new TextEncoder().encode(text));
    await expect(refused).rejects.toMatchObject({ code: 'IMAGE_CORRUPT', status: 422 });
  });

  test('refuses a TIFF, which we do not decode', async () => {
    const refused = media.inspectImage(await picture(30, 20).tiff().toBuffer());
    await expect(refused).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
  });

  test('a missing file is our fault, not the image’s', async () => {
    const failed = media.inspectImage(join(directory, 'nowhere'));
    await expect(failed).rejects.toMatchObject({ code: 'INFRASTRUCTURE_ERROR', status: 500 });
  });
});

describe('createVariants', () => {
  test('makes an upright WebP and a thumbnail of a phone photo, without its secrets', async () => {
    expect(photo.includes('Pocket')).toBe(true);
    const variants = await media.createVariants(photo);
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

  test('turns the picture, not only its sides', async () => {
    const [upright] = await media.createVariants(photo);
    const { data } = await sharp(upright?.bytes).raw().toBuffer({ resolveWithObject: true });
    // The scene grows redder to its right; a quarter turn clockwise puts that at the bottom.
    const redAt = (row: number) => data[(row * 1536 + 768) * 3] ?? 0;
    expect(redAt(2000)).toBeGreaterThan(redAt(40) + 100);
  });

  test('never enlarges', async () => {
    const variants = await media.createVariants(await picture(200, 100).png().toBuffer());
    expect(variants.map(({ width, height }) => [width, height])).toEqual([
      [200, 100],
      [200, 100],
    ]);
  });

  test.each([
    ['transparent', { channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } }],
    ['opaque', { channels: 3, background: 'green' }],
  ] as const)('keeps a %s picture so', async (_name, look) => {
    const create = { width: 500, height: 400, ...look };
    const variants = await media.createVariants(await sharp({ create }).png().toBuffer());
    for (const { bytes } of variants) {
      expect((await sharp(bytes).metadata()).hasAlpha).toBe(look.channels === 4);
    }
  });

  const unusual = {
    'grey levels': () => picture(500, 400).toColourspace('b-w').png().toBuffer(),
    '16 bits': () => picture(500, 400).toColourspace('rgb16').png().toBuffer(),
    'inks (CMYK)': () => picture(500, 400).toColourspace('cmyk').jpeg().toBuffer(),
    'one line': () => picture(6000, 1).png().toBuffer(),
    'a palette': () => picture(300, 200).png({ palette: true, effort: 1 }).toBuffer(),
    animation: () => animation(60, 4),
  };
  for (const [name, make] of Object.entries(unusual)) {
    test(`takes ${name}`, async () => {
      const source = await make();
      for (const variant of await media.createVariants(source)) {
        const metadata = await sharp(variant.bytes).metadata();
        expect(metadata.width).toBe(variant.width);
        expect([metadata.space, metadata.pages]).toEqual(['srgb', undefined]);
        const [seen, wanted] = [await meanOf(variant.bytes), await meanOf(source)];
        for (const [channel, mean] of wanted.entries()) {
          expect(Math.abs((seen[channel] ?? 0) - mean)).toBeLessThan(6);
        }
      }
    });
  }

  test('refuses what is truncated', async () => {
    const refused = media.createVariants(cut(photo, 0.6));
    await expect(refused).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' });
  });
});

async function meanOf(bytes: Uint8Array): Promise<number[]> {
  const { channels } = await sharp(
    await sharp(bytes).toColourspace('srgb').png().toBuffer(),
  ).stats();
  return channels.slice(0, 3).map(({ mean }) => mean);
}

describe('under load', () => {
  test('decodes as many at a time as configured, and the event loop stays free', async () => {
    let [peak, turns] = [0, 0];
    const timer = setInterval(() => {
      peak = Math.max(peak, sharp.counters().process);
      turns++;
    }, 2);
    const results = await Promise.all(Array.from({ length: 4 }, () => media.createVariants(photo)));
    clearInterval(timer);
    expect(results).toHaveLength(4);
    expect(peak).toBe(2);
    // Were the decoding on the loop, it would turn between one step and the next only.
    expect(turns).toBeGreaterThan(50);
  }, 20_000);
});
