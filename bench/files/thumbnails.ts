import { createMedia } from '@insightdesk/shared/media';
import sharp from 'sharp';

const CORES = navigator.hardwareConcurrency;
const WIDTH = 4_000;
const HEIGHT = 3_000;

/** A JPEG of 12 megapixels with the detail of a photograph. */
export function photograph(): Promise<Buffer> {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, at += 3) {
      const grain = ((x * 7919 + y * 104729) >>> 3) & 15;
      pixels[at] = (x * 200) / WIDTH + grain;
      pixels[at + 1] = (y * 200) / HEIGHT + grain;
      pixels[at + 2] = 120 + 80 * Math.sin((x + y) / 90) + grain;
    }
  }
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  return sharp(pixels, { raw }).jpeg({ quality: 88 }).toBuffer();
}

/** Runs `work` so many times, on all cores, and tells how many a second. */
async function rateOf(count: number, work: () => Promise<unknown>): Promise<number> {
  let begun = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CORES }, async () => {
      while (begun++ < count) await work();
    }),
  );
  return count / ((performance.now() - startedAt) / 1_000);
}

/** The same two pictures from one decoding: by the library in this process, and by ours in its own. */
export function openThumbnails(photo: Buffer) {
  sharp.concurrency(1);
  sharp.cache(false);
  const media = createMedia({ maxPixels: 50_000_000, concurrency: CORES });
  const inside = { fit: 'inside', withoutEnlargement: true } as const;
  async function bare() {
    const { data, info } = await sharp(photo)
      .autoOrient()
      .resize(2048, 2048, inside)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const raw = { width: info.width, height: info.height, channels: info.channels };
    await sharp(data, { raw }).webp({ quality: 82 }).toBuffer();
    await sharp(data, { raw }).resize(320, 320, inside).webp({ quality: 78 }).toBuffer();
  }
  return {
    bare: (count: number) => rateOf(count, bare),
    /** One organisation's pictures in a row. */
    ours: (count: number) => rateOf(count, () => media.createVariants(photo, { owner: 'one' })),
    /** Each of another. */
    apart: (count: number) => rateOf(count, () => media.createVariants(photo)),
  };
}
