import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDirectory, removeAbandonedDirectories } from './test-directory.ts';

test('directories of ended processes are removed, and those of running ones stay', async () => {
  const file = JSON.stringify(join(import.meta.dir, 'test-directory.ts'));
  const script = `console.log((await import(${file})).createTestDirectory().path)`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  const left = (await child.stdout.text()).trim();
  await child.exited;
  const ours = createTestDirectory();
  try {
    expect(existsSync(left)).toBe(true);
    await removeAbandonedDirectories();
    expect(existsSync(left)).toBe(false);
    expect(existsSync(ours.path)).toBe(true);
  } finally {
    ours.remove();
  }
});
