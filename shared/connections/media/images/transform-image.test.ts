import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import sharp from 'sharp';
import { createMedia, type ImageTransform } from '../index.ts';
import { animation, bombAvif, bombPng, phonePhoto, testImage } from './test-images.ts';

setDefaultTimeout(30_000);
const media = createMedia({ maxPixels: 12_000_000, concurrency: 2 });
const photo = await phonePhoto(1200, 900); // looked at: 900 x 1200

const webp = { fit: 'inside', format: 'webp' } as const;
const make = (transform: Partial<ImageTransform>, bytes: Uint8Array = photo) =>
  media.transformImage(bytes, { ...webp, ...transform });

test.each([
  [{ width: 300 }, 300, 400],
  [{ height: 300 }, 225, 300],
  [{ width: 300, height: 300 }, 225, 300],
  [{ width: 300, height: 300, fit: 'cover' }, 300, 300],
  [{ width: 300, height: 300, fit: 'contain' }, 300, 300],
  [{ width: 300, height: 300, fit: 'outside' }, 300, 400],
  [{ width: 300, height: 200, fit: 'fill' }, 300, 200],
  [{ width: 4000, height: 4000 }, 900, 1200],
  [{}, 900, 1200],
] as [Partial<ImageTransform>, number, number][])(
  '%j is %i x %i',
  async (wanted, width, height) => {
    const { bytes, ...told } = await make(wanted);
    expect(told).toEqual({ contentType: 'image/webp', width, height });
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height });
  },
);

test.each(['jpeg', 'png', 'webp', 'avif'] as const)(
  '%s: decodes as such, upright, without its secrets',
  async (format) => {
    const { bytes, contentType } = await make({ format, width: 200 });
    expect(await media.detectContentType(bytes.subarray(0, 4100))).toBe(contentType);
    const { exif, icc, orientation, width, height } = await sharp(bytes).metadata();
    expect([exif, icc, orientation]).toEqual([undefined, undefined, undefined]);
    expect([width, height]).toEqual([200, 267]);
    expect(Buffer.from(bytes).includes('Pocket')).toBe(false);
    const { data } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const redAt = (row: number) => data[(row * 200 + 100) * 3] ?? 0;
    expect(redAt(260)).toBeGreaterThan(redAt(5) + 100);
  },
);

test.each(['jpeg', 'webp', 'avif'] as const)('%s: less quality is fewer bytes', async (format) => {
  const [poor, good] = await media.transformImages(
    photo,
    [20, 90].map((quality) => ({ ...webp, format, quality, width: 300 })),
  );
  expect(poor?.bytes.byteLength).toBeLessThan(good?.bytes.byteLength ?? 0);
});

test('a part of the upright picture', async () => {
  const crop = { left: 0, top: 1100, width: 900, height: 100 };
  const { bytes, width, height } = await make({ crop, format: 'png' });
  expect([width, height]).toEqual([900, 100]);
  const [red] = (await sharp(bytes).stats()).channels;
  expect(red?.mean).toBeGreaterThan(180);
  const outside = make({ crop: { left: 1, top: 0, width: 900, height: 10 } });
  await expect(outside).rejects.toMatchObject({ code: 'IMAGE_CROP_OUTSIDE', status: 422 });
});

test('what is transparent becomes white in a JPEG and stays so elsewhere', async () => {
  const create = { width: 40, height: 40, channels: 4, background: '#ff000000' } as const;
  const clear = await sharp({ create }).png().toBuffer();
  const { bytes } = await make({ format: 'jpeg' }, clear);
  for (const { mean } of (await sharp(bytes).stats()).channels) expect(mean).toBeGreaterThan(250);
  const avif = await make({ format: 'avif' }, clear);
  expect((await sharp(avif.bytes).metadata()).hasAlpha).toBe(true);
});

describe('animations', () => {
  test('give their first picture, or move on when asked to', async () => {
    const moving = await animation(60, 5);
    const still = await make({ width: 30 }, moving);
    expect((await sharp(still.bytes).metadata()).pages).toBeUndefined();
    const { bytes, width, height } = await make({ width: 30, animated: true }, moving);
    expect([width, height]).toEqual([30, 30]);
    const { pages, delay } = await sharp(bytes, { animated: true }).metadata();
    expect([pages, delay]).toEqual([5, Array(5).fill(40)]);
  });

  test('count with all their pictures', async () => {
    const small = createMedia({ maxPixels: 10_000, concurrency: 1 });
    const moving = await animation(60, 5);
    await small.transformImage(moving, webp);
    const refused = small.transformImage(moving, { ...webp, animated: true });
    await expect(refused).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });
});

test('what is known of a picture', async () => {
  expect(await media.describeImage(photo)).toEqual({
    format: 'jpeg',
    width: 900,
    height: 1200,
    hasAlpha: false,
    frames: 1,
    durationMs: 0,
  });
  const moving = await media.describeImage(await animation(60, 5));
  expect(moving).toMatchObject({ format: 'gif', pictures: 5, durationMs: 200 });
});

test.each([
  ['AVIF', bombAvif],
  ['PNG', bombPng(30_000, 30_000)],
])('the bomb of %s is refused by its header', async (_, bytes) => {
  await expect(make({ width: 10 }, bytes)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
});

test('a placeholder is a picture of 16 pixels within a URL', async () => {
  const { placeholder } = await media.createVariants(await testImage(640, 320).png().toBuffer());
  expect(placeholder.length).toBeLessThan(600);
  const [head, base64 = ''] = placeholder.split(',');
  expect(head).toBe('data:image/webp;base64');
  const { width, height } = await sharp(Buffer.from(base64, 'base64')).metadata();
  expect([width, height]).toEqual([16, 8]);
});
