import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import sharp from 'sharp';
import { createMedia, type ImageTransform } from '../index.ts';
import { animation, phonePhoto, testImage } from './test-images.ts';

setDefaultTimeout(30_000);
const media = createMedia({ maxPixels: 12_000_000, concurrency: 2 });
const photo = await phonePhoto(1200, 900); // displayed: 900 x 1200

const webp = { fit: 'inside', format: 'webp' } as const;
const render = (transform: Partial<ImageTransform>, bytes: Uint8Array = photo) =>
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
  '%j renders %i x %i pixels',
  async (transform, width, height) => {
    const { bytes, ...derived } = await render(transform);
    expect(derived).toEqual({ contentType: 'image/webp', width, height });
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height });
  },
);

test.each(['jpeg', 'png', 'webp', 'avif'] as const)(
  'a rendered %s is upright and without EXIF',
  async (format) => {
    const { bytes, contentType } = await render({ format, width: 200 });
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

test.each(['jpeg', 'webp', 'avif'] as const)(
  'a %s of lower quality has fewer bytes',
  async (format) => {
    const [low, high] = await media.transformImages(
      photo,
      [20, 90].map((quality) => ({ ...webp, format, quality, width: 300 })),
    );
    expect(low?.bytes.byteLength).toBeLessThan(high?.bytes.byteLength ?? 0);
  },
);

test('crop applies to the upright image and must be inside it', async () => {
  const crop = { left: 0, top: 1100, width: 900, height: 100 };
  const { bytes, width, height } = await render({ crop, format: 'png' });
  expect([width, height]).toEqual([900, 100]);
  const [red] = (await sharp(bytes).stats()).channels;
  expect(red?.mean).toBeGreaterThan(180);
  const outside = render({ crop: { left: 1, top: 0, width: 900, height: 10 } });
  await expect(outside).rejects.toMatchObject({ code: 'IMAGE_CROP_OUTSIDE', status: 422 });
});

test('transparency becomes white in a JPEG and is preserved in AVIF', async () => {
  const create = { width: 40, height: 40, channels: 4, background: '#ff000000' } as const;
  const clear = await sharp({ create }).png().toBuffer();
  const { bytes } = await render({ format: 'jpeg' }, clear);
  for (const { mean } of (await sharp(bytes).stats()).channels) expect(mean).toBeGreaterThan(250);
  const avif = await render({ format: 'avif' }, clear);
  expect((await sharp(avif.bytes).metadata()).hasAlpha).toBe(true);
});

describe('animations', () => {
  test('an animation renders its first frame, or all frames when animated is set', async () => {
    const moving = await animation(60, 5);
    const still = await render({ width: 30 }, moving);
    expect((await sharp(still.bytes).metadata()).pages).toBeUndefined();
    const { bytes, width, height } = await render({ width: 30, animated: true }, moving);
    expect([width, height]).toEqual([30, 30]);
    const { pages, delay } = await sharp(bytes, { animated: true }).metadata();
    expect([pages, delay]).toEqual([5, Array(5).fill(40)]);
  });

  test('all frames of an animation count towards the pixel limit', async () => {
    const small = createMedia({ maxPixels: 10_000, concurrency: 1 });
    const moving = await animation(60, 5);
    await small.transformImage(moving, webp);
    const rejected = small.transformImage(moving, { ...webp, animated: true });
    await expect(rejected).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });
});

test('describeImage returns format, dimensions, alpha, frames and duration', async () => {
  expect(await media.describeImage(photo)).toEqual({
    format: 'jpeg',
    width: 900,
    height: 1200,
    hasAlpha: false,
    frames: 1,
    durationMs: 0,
  });
  const moving = await media.describeImage(await animation(60, 5));
  expect(moving).toMatchObject({ format: 'gif', frames: 5, durationMs: 200 });
});

test('the placeholder is a data URL of 16 pixels', async () => {
  const { placeholder } = await media.createVariants(await testImage(640, 320).png().toBuffer());
  expect(placeholder.length).toBeLessThan(600);
  const [head, base64 = ''] = placeholder.split(',');
  expect(head).toBe('data:image/webp;base64');
  const { width, height } = await sharp(Buffer.from(base64, 'base64')).metadata();
  expect([width, height]).toEqual([16, 8]);
});
