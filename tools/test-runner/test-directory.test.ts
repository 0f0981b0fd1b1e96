import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDirectory, removeAbandonedDirectories } from './test-directory.ts';

test('removeAbandonedDirectories deletes directories of ended processes only', async () => {
  const file = JSON.stringify(join(import.meta.dir, 'test-directory.ts'));
  const script = `console.log((await import(${file})).createTestDirectory().path)`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  const abandoned = (await child.stdout.text()).trim();
  await child.exited;
  const owned = createTestDirectory();
  try {
    expect(existsSync(abandoned)).toBe(true);
    await removeAbandonedDirectories();
    expect(existsSync(abandoned)).toBe(false);
    expect(existsSync(owned.path)).toBe(true);
  } finally {
    owned.remove();
  }
});
