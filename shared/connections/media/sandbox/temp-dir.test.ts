import { expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTempDir, deleteStaleTempDirs } from './temp-dir.ts';

test('what killed processes left is swept; what lives, and what is not ours, stays', async () => {
  const root = await mkdtemp(join(tmpdir(), 'insightdesk-sweep-'));
  const gone = Bun.spawn(['true']);
  await gone.exited;
  const living = Bun.spawn(['sleep', '60']);
  const names = [gone.pid, living.pid].map((pid) => `insightdesk-recording-${pid}-abcdef`);
  try {
    for (const name of [...names, 'something-else'])
      await mkdir(join(root, name, 'inner'), { recursive: true });
    await deleteStaleTempDirs(root);
    expect((await readdir(root)).toSorted()).toEqual([names[1] as string, 'something-else']);
  } finally {
    living.kill();
    await rm(root, { recursive: true });
  }
});

test('a directory of one’s own goes with all that is in it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'insightdesk-own-'));
  const scratch = await createTempDir(root);
  await Bun.write(scratch.at('a'), 'a');
  expect(await readdir(root)).toHaveLength(1);
  await scratch.remove();
  expect(await readdir(root)).toEqual([]);
  await rm(root, { recursive: true });
});
