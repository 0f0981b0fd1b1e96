import { createMedia } from '@insightdesk/shared/media';
import sharp from 'sharp';

const CORES = navigator.hardwareConcurrency;
const WIDTH = 4_000;
const HEIGHT = 3_000;

/** A JPEG of 12 megapixels with as much detail as a photograph. */
export function createPhoto(): Promise<Buffer> {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0, offset = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, offset += 3) {
      const grain = ((x * 7919 + y * 104729) >>> 3) & 15;
      pixels[offset] = (x * 200) / WIDTH + grain;
      pixels[offset + 1] = (y * 200) / HEIGHT + grain;
      pixels[offset + 2] = 120 + 80 * Math.sin((x + y) / 90) + grain;
    }
  }
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  return sharp(pixels, { raw }).jpeg({ quality: 88 }).toBuffer();
}

/** Runs `work` `count` times on all cores. Returns runs per second. */
async function rateOf(count: number, work: () => Promise<unknown>): Promise<number> {
  let started = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CORES }, async () => {
      while (started++ < count) await work();
    }),
  );
  return count / ((performance.now() - startedAt) / 1_000);
}

/** Creates the same two variants from one decoding: with sharp in this process, and with our media module. */
export function createThumbnailBench(photo: Buffer) {
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
    /** Images of one organization, which share a process. */
    ours: (count: number) => rateOf(count, () => media.createVariants(photo, { owner: 'one' })),
    /** A process per image. */
    ownProcess: (count: number) => rateOf(count, () => media.createVariants(photo)),
  };
}
