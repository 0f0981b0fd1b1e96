import { afterAll, expect, test } from 'bun:test';
import { existsSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moveDurably, pruneEmptyFolders } from './durable-files.ts';

const root = await mkdtemp(join(tmpdir(), 'insightdesk-storage-'));
afterAll(() => rm(root, { recursive: true, force: true }));

test('moveDurably succeeds while another process deletes the empty folder', async () => {
  const temp = join(root, 'temp');
  const folder = join(root, 'x', 'y');
  let moving = true;
  const pruning = (async () => {
    while (moving) {
      await Bun.sleep(1);
      for (const path of [folder, join(root, 'x')]) tryRmdir(path);
    }
  })();
  for (let attempt = 0; attempt < 300; attempt++) {
    writeFileSync(temp, 'x');
    await moveDurably([temp, join(folder, 'file')]);
    expect(existsSync(join(folder, 'file'))).toBe(true);
    rmSync(join(folder, 'file'));
  }
  moving = false;
  await pruning;
  await pruneEmptyFolders(folder, root);
  expect(existsSync(root)).toBe(true);
});

function tryRmdir(path: string) {
  try {
    rmdirSync(path);
  } catch {
    // Not empty, or missing.
  }
}
