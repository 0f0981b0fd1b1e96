import { expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTempDir, deleteStaleTempDirs } from './temp-dir.ts';

test('deleteStaleTempDirs deletes directories of ended processes only', async () => {
  const root = await mkdtemp(join(tmpdir(), 'insightdesk-stale-'));
  const ended = Bun.spawn(['true']);
  await ended.exited;
  const running = Bun.spawn(['sleep', '60']);
  const names = [ended.pid, running.pid].map((pid) => `insightdesk-media-${pid}-abcdef`);
  try {
    for (const name of [...names, 'something-else'])
      await mkdir(join(root, name, 'inner'), { recursive: true });
    await deleteStaleTempDirs(root);
    expect((await readdir(root)).toSorted()).toEqual([names[1] as string, 'something-else']);
  } finally {
    running.kill();
    await rm(root, { recursive: true });
  }
});

test('a temporary directory is removed with its files', async () => {
  const root = await mkdtemp(join(tmpdir(), 'insightdesk-own-'));
  const tempDir = await createTempDir(root);
  await Bun.write(tempDir.pathOf('a'), 'a');
  expect(await readdir(root)).toHaveLength(1);
  await tempDir.remove();
  expect(await readdir(root)).toEqual([]);
  await rm(root, { recursive: true });
});
