import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../testing/until.ts';
import { createMedia } from '../index.ts';
import { createImageWorkerPool } from './image-worker-pool.ts';
import { testImage } from './test-images.ts';

setDefaultTimeout(30_000);
const directory = await mkdtemp(join(tmpdir(), 'insightdesk-media-'));
afterAll(() => rm(directory, { recursive: true }));

/** Workers that respond with their process id, and run `second` on their second image. */
async function open(concurrency = 1, { second = '', idleMs = 60_000 } = {}) {
  const script = join(directory, `${crypto.randomUUID()}.ts`);
  await writeFile(
    script,
    `import { encodeFrame, readFrames } from '${import.meta.dir}/message-frames.ts';
    const next = readFrames(Bun.stdin.stream(), { maxBytes: 100, sizeOf: () => 0 });
    const respond = (head) => Bun.write(Bun.stdout, Buffer.concat(encodeFrame(head)));
    for (let n = 1; await next(); n++) {
      if (n === 2) { ${second} }
      await respond({ variants: [], placeholder: String(process.pid) });
    }`,
  );
  const limits = { maxPixels: 1, memoryBytes: 256e6, concurrency, idleMs };
  const request = createImageWorkerPool({ ...limits, script });
  return async (owner?: string) => {
    const { placeholder } = await request('image', { kind: 'variants' }, owner);
    return Number(placeholder);
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('consecutive images of one owner share a worker, which ends when it is idle', async () => {
  const pidFor = await open(1, { idleMs: 10 });
  const first = await pidFor('a');
  expect([await pidFor('a'), await pidFor('a')]).toEqual([first, first]);
  await until(() => isAlive(first), { equals: false });
});

test('a worker is never shared between owners, nor used twice without an owner', async () => {
  const pidFor = await open(3);
  const [a, b, none] = [await pidFor('a'), await pidFor('b'), await pidFor()];
  expect(new Set([a, b, none, await pidFor()]).size).toBe(4);
  expect([await pidFor('a'), await pidFor('b')]).toEqual([a, b]);
  expect(isAlive(none)).toBe(false);
});

test('an idle worker is killed when another owner needs its slot', async () => {
  const pidFor = await open(1);
  const first = await pidFor('a');
  await pidFor('b');
  expect(isAlive(first)).toBe(false);
  expect(await pidFor('a')).not.toBe(first);
});

test('concurrent images of one owner use separate workers', async () => {
  const pidFor = await open(2);
  const pids = await Promise.all([pidFor('a'), pidFor('a')]);
  expect(new Set(pids).size).toBe(2);
});

test.each([
  ['dies', 'process.exit(0);'],
  ['exceeds its memory limit', 'const all = []; for (;;) all.push(Buffer.alloc(4_000_000, 1));'],
  ['rejects its image', "await respond({ code: 'IMAGE_CORRUPT' }); continue;"],
  ['writes without end', 'for (;;) await Bun.write(Bun.stdout, Buffer.alloc(1_000_000));'],
])('when a reused worker %s the image is retried in a new one', async (_how, second) => {
  const pidFor = await open(1, { second });
  const first = await pidFor('a');
  const fresh = await pidFor('a');
  expect(fresh).not.toBe(first);
  expect(isAlive(first)).toBe(false);
});

test('a worker is replaced after twenty images', async () => {
  const pidFor = await open();
  const pids = [];
  for (let n = 0; n < 21; n++) pids.push(await pidFor('a'));
  expect(pids.at(-1)).not.toBe(pids[0]);
});

test('a reused worker returns the same images as a new one', async () => {
  const media = createMedia({ maxPixels: 1_000_000, concurrency: 1 });
  const photo = await testImage(600, 400).jpeg().toBuffer();
  const withoutOwner = await media.createVariants(photo);
  for (let n = 0; n < 3; n++) {
    expect(await media.createVariants(photo, { owner: 'a' })).toEqual(withoutOwner);
  }
  const options = { width: 10, fit: 'inside', format: 'png' } as const;
  const small = await media.transformImage(photo, options, { owner: 'a' });
  expect(small).toEqual(await media.transformImage(photo, options));
});
