import { afterAll, expect, setDefaultTimeout, spyOn, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bombAvif } from '@insightdesk/shared/testing';
import { createMedia } from '../index.ts';
import { createImageWorkerPool, type ImageWorkerPoolOptions } from './image-worker-pool.ts';
import { testImage } from './test-images.ts';

setDefaultTimeout(30_000);
const MB = 1024 * 1024;
const directory = await mkdtemp(join(tmpdir(), 'insightdesk-media-'));
afterAll(() => rm(directory, { recursive: true }));

/** Writes a script that replaces the image worker. */
async function script(text: string): Promise<string> {
  const path = join(directory, `${crypto.randomUUID()}.ts`);
  await writeFile(path, text);
  return path;
}
const defaults = { maxPixels: 1, memoryBytes: 256 * MB, concurrency: 1 };
const variants = { kind: 'variants' } as const;
const run = (path: string, more: Partial<ImageWorkerPoolOptions> = {}) =>
  createImageWorkerPool({ ...defaults, script: path, ...more })('image', variants);
const died = { code: 'MEDIA_PROCESS_DIED', retryable: true };

test('an AVIF that decodes to a gigabyte ends its own worker and no other process', async () => {
  expect(bombAvif.byteLength).toBeLessThan(2_000);
  // As if its header had hidden the size.
  const decode = createImageWorkerPool({ ...defaults, maxPixels: 1e9 });
  using spawn = spyOn(Bun, 'spawn');
  const bomb = join(directory, 'bomb');
  await writeFile(bomb, bombAvif);
  await expect(decode(bomb, variants)).rejects.toMatchObject({
    code: 'IMAGE_TOO_COSTLY',
    status: 422,
  });
  const own = spawn.mock.results.map(({ value }) => value as Bun.Subprocess);
  expect(own).toHaveLength(1);
  expect(await own[0]?.exited).not.toBe(0);
  const photo = join(directory, 'photo');
  await writeFile(photo, await testImage(60, 40).jpeg().toBuffer());
  const { files } = await decode(photo, variants);
  expect(files.length).toBeGreaterThan(0);
});

test('a worker over its memory limit is killed, by the kernel or by the watch', async () => {
  const unbounded = `const all = []; for (;;) all.push(Buffer.alloc(4_000_000, 1));`;
  await expect(run(await script(unbounded))).rejects.toMatchObject({ status: expect.any(Number) });
  const bounded = `${unbounded.replace('for (;;)', 'for (let n = 0; n < 90; n++)')} await Bun.sleep(20_000);`;
  await expect(run(await script(bounded))).rejects.toMatchObject({ code: 'IMAGE_TOO_COSTLY' });
});

test.each([
  ['is killed', `process.kill(process.pid, 'SIGKILL'); await Bun.sleep(9_000);`],
  ['fails', 'process.exit(3);'],
  ['writes nothing', ''],
  [
    'writes an invalid response',
    `await Bun.write(Bun.stdout, Buffer.from([0, 0, 0, 2, 123, 125]));`,
  ],
  ['writes without end', 'for (;;) await Bun.write(Bun.stdout, Buffer.alloc(1_000_000));'],
])(
  'a worker that %s fails with a retryable error',
  async (_how, text) => {
    await expect(run(await script(text))).rejects.toMatchObject(died);
  },
  30_000,
);

test('a worker is killed after its timeout', async () => {
  const sleeping = run(await script('await Bun.sleep(60_000);'), { timeoutMs: 300 });
  await expect(sleeping).rejects.toMatchObject(died);
});

test('a worker has no environment variables', async () => {
  const echo = `const text = JSON.stringify(Object.keys(process.env));
    const head = Buffer.from(JSON.stringify({ variants: [{ name: text, sizeBytes: 0 }] }));
    const length = Buffer.alloc(4); length.writeUInt32BE(head.length);
    await Bun.write(Bun.stdout, Buffer.concat([length, head]));`;
  const text = JSON.stringify((await run(await script(echo))).files);
  expect(text).not.toContain('HOME');
  expect(text).not.toContain('PATH');
});

test('the number of workers is limited to the configured concurrency', async () => {
  const media = createMedia({ maxPixels: 1_000_000, concurrency: 1 });
  const photo = await testImage(600, 400).jpeg().toBuffer();
  const spawn = Bun.spawn;
  let [running, maxRunning] = [0, 0];
  Bun.spawn = ((...args: Parameters<typeof spawn>) => {
    const child = spawn(...args);
    maxRunning = Math.max(maxRunning, ++running);
    void child.exited.then(() => running--);
    return child;
  }) as typeof spawn;
  try {
    await Promise.all([1, 2, 3].map(() => media.createVariants(photo)));
  } finally {
    Bun.spawn = spawn;
  }
  expect(maxRunning).toBe(1);
});
