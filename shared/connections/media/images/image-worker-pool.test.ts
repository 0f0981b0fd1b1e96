import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageWorkerPool } from './image-worker-pool.ts';
import { createMedia } from '../index.ts';
import { testImage } from './test-images.ts';

setDefaultTimeout(30_000);
const directory = await mkdtemp(join(tmpdir(), 'insightdesk-media-'));
afterAll(() => rm(directory, { recursive: true }));

/** Processes that answer with their own id, but do as they are told with their second picture. */
async function open(concurrency = 1, { second = '', idleMs = 60_000 } = {}) {
  const script = join(directory, `${crypto.randomUUID()}.ts`);
  await writeFile(
    script,
    `import { frameOf, readFrames } from '${import.meta.dir}/message-frames.ts';
    const next = readFrames(Bun.stdin.stream(), { mostBytes: 100, sizeOf: ({ sizeBytes }) => sizeBytes });
    const say = (head) => Bun.write(Bun.stdout, Buffer.concat(frameOf(head)));
    for (let n = 1; await next(); n++) {
      if (n === 2) { ${second} }
      await say({ variants: [], placeholder: String(process.pid) });
    }`,
  );
  const limits = { maxPixels: 1, memoryBytes: 256e6, concurrency, idleMs };
  const ask = createImageWorkerPool({ ...limits, script });
  return async (owner?: string) => {
    const { placeholder } = await ask(new Uint8Array(10), { kind: 'variants' }, owner);
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

test('pictures of one owner in a row share a process, and it ends when none follows', async () => {
  const pidFor = await open(1, { idleMs: 10 });
  const first = await pidFor('a');
  expect([await pidFor('a'), await pidFor('a')]).toEqual([first, first]);
  while (isAlive(first)) await Bun.sleep(20);
});

test('nobody gets one that has seen what is of another, or of nobody', async () => {
  const pidFor = await open(3);
  const [a, b, none] = [await pidFor('a'), await pidFor('b'), await pidFor()];
  expect(new Set([a, b, none, await pidFor()]).size).toBe(4);
  expect([await pidFor('a'), await pidFor('b')]).toEqual([a, b]);
  expect(isAlive(none)).toBe(false);
});

test('one that waits makes room for one that is needed', async () => {
  const pidFor = await open(1);
  const first = await pidFor('a');
  await pidFor('b');
  expect(isAlive(first)).toBe(false);
  expect(await pidFor('a')).not.toBe(first);
});

test('pictures at the same time have each a process', async () => {
  const pidFor = await open(2);
  const pids = await Promise.all([pidFor('a'), pidFor('a')]);
  expect(new Set(pids).size).toBe(2);
});

test.each([
  ['dies', 'process.exit(0);'],
  ['takes too much', 'const all = []; for (;;) all.push(Buffer.alloc(4_000_000, 1));'],
  ['finds its picture damaged', "await say({ code: 'IMAGE_CORRUPT' }); continue;"],
  ['talks without end', 'for (;;) await Bun.write(Bun.stdout, Buffer.alloc(1_000_000));'],
])('when a used one %s a fresh one is asked', async (_how, second) => {
  const pidFor = await open(1, { second });
  const first = await pidFor('a');
  const fresh = await pidFor('a');
  expect(fresh).not.toBe(first);
  expect(isAlive(first)).toBe(false);
});

test('no more than twenty pictures', async () => {
  const pidFor = await open();
  const pids = [];
  for (let n = 0; n < 21; n++) pids.push(await pidFor('a'));
  expect(pids.at(-1)).not.toBe(pids[0]);
});

test('pictures after one another are as good as the first', async () => {
  const media = createMedia({ maxPixels: 1_000_000, concurrency: 1 });
  const photo = await testImage(600, 400).jpeg().toBuffer();
  const alone = await media.createVariants(photo);
  for (let n = 0; n < 3; n++) {
    expect(await media.createVariants(photo, { owner: 'a' })).toEqual(alone);
  }
  const wanted = { width: 10, fit: 'inside', format: 'png' } as const;
  const small = await media.transformImage(photo, wanted, { owner: 'a' });
  expect(small).toEqual(await media.transformImage(photo, wanted));
});
