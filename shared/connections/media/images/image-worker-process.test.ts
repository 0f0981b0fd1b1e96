import { afterAll, expect, setDefaultTimeout, spyOn, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageWorkerPool, type ImageWorkerPoolOptions } from './image-worker-pool.ts';
import { createMedia } from '../index.ts';
import { bombAvif, testImage } from './test-images.ts';

setDefaultTimeout(30_000);
const MB = 1024 * 1024;
const directory = await mkdtemp(join(tmpdir(), 'insightdesk-media-'));
afterAll(() => rm(directory, { recursive: true }));

/** Another program in the place of the one that decodes. */
async function script(text: string): Promise<string> {
  const path = join(directory, `${crypto.randomUUID()}.ts`);
  await writeFile(path, text);
  return path;
}
const usual = { maxPixels: 1, memoryBytes: 256 * MB, concurrency: 1 };
const variants = { kind: 'variants' } as const;
const run = (path: string, more: Partial<ImageWorkerPoolOptions> = {}) =>
  createImageWorkerPool({ ...usual, script: path, ...more })(new Uint8Array(10), variants);
const died = { code: 'MEDIA_PROCESS_DIED', retryable: true };

test('the 1.4 KB that decode to a gigabyte cost their own process its life, and no other', async () => {
  expect(bombAvif.byteLength).toBeLessThan(2_000);
  // As if its header had hidden the size.
  const decode = createImageWorkerPool({ ...usual, maxPixels: 1e9 });
  using spawn = spyOn(Bun, 'spawn');
  await expect(decode(bombAvif, variants)).rejects.toMatchObject({
    code: 'IMAGE_TOO_COSTLY',
    status: 422,
  });
  const own = spawn.mock.results.map(({ value }) => value as Bun.Subprocess);
  expect(own).toHaveLength(1);
  expect(await own[0]?.exited).not.toBe(0);
  const { files } = await decode(await testImage(60, 40).jpeg().toBuffer(), variants);
  expect(files.length).toBeGreaterThan(0);
});

test('one that takes memory is ended, with and without the help of the kernel', async () => {
  const hungry = `const all = []; for (;;) all.push(Buffer.alloc(4_000_000, 1));`;
  await expect(run(await script(hungry))).rejects.toMatchObject({ status: expect.any(Number) });
  const patient = `${hungry.replace('for (;;)', 'for (let n = 0; n < 90; n++)')} await Bun.sleep(20_000);`;
  await expect(run(await script(patient))).rejects.toMatchObject({ code: 'IMAGE_TOO_COSTLY' });
});

test.each([
  ['is killed', `process.kill(process.pid, 'SIGKILL'); await Bun.sleep(9_000);`],
  ['fails', 'process.exit(3);'],
  ['says nothing', ''],
  ['says something else', `await Bun.write(Bun.stdout, Buffer.from([0, 0, 0, 2, 123, 125]));`],
  ['never stops talking', 'for (;;) await Bun.write(Bun.stdout, Buffer.alloc(1_000_000));'],
])(
  'one that %s is tried again later',
  async (_how, text) => {
    await expect(run(await script(text))).rejects.toMatchObject(died);
  },
  30_000,
);

test('one that takes too long is ended', async () => {
  const endless = run(await script('await Bun.sleep(60_000);'), { timeoutMs: 300 });
  await expect(endless).rejects.toMatchObject(died);
});

test('it is told nothing but the picture', async () => {
  const told = `const text = JSON.stringify(Object.keys(process.env));
    const head = Buffer.from(JSON.stringify({ variants: [{ name: text, sizeBytes: 0 }] }));
    const length = Buffer.alloc(4); length.writeUInt32BE(head.length);
    await Bun.write(Bun.stdout, Buffer.concat([length, head]));`;
  const text = JSON.stringify((await run(await script(told))).files);
  expect(text).not.toContain('HOME');
  expect(text).not.toContain('PATH');
});

test('as many at a time as configured', async () => {
  const media = createMedia({ maxPixels: 1_000_000, concurrency: 1 });
  const photo = await testImage(600, 400).jpeg().toBuffer();
  const spawn = Bun.spawn;
  let [living, most] = [0, 0];
  Bun.spawn = ((...args: Parameters<typeof spawn>) => {
    const child = spawn(...args);
    most = Math.max(most, ++living);
    void child.exited.then(() => living--);
    return child;
  }) as typeof spawn;
  try {
    await Promise.all([1, 2, 3].map(() => media.createVariants(photo)));
  } finally {
    Bun.spawn = spawn;
  }
  expect(most).toBe(1);
});
