import { expect, test } from 'bun:test';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { Harness } from './harness.ts';

/** Tests `list`, `copy` and `delete`. */
export function describeListCopyDelete(harness: Harness): void {
  const { storage, put, read, keysOf, inventory } = harness;
  test('list returns files with a prefix, sorted by key, with sizes', async () => {
    for (const key of ['ls/b/2', 'ls/a.b', 'ls/b/1', 'ls/a/z', 'ls/a-b', 'lsx']) {
      await put(key, key);
    }
    expect(await keysOf('ls/')).toEqual(['ls/a-b', 'ls/a.b', 'ls/a/z', 'ls/b/1', 'ls/b/2']);
    expect(await keysOf('ls/a')).toEqual(['ls/a-b', 'ls/a.b', 'ls/a/z']);
    expect(await keysOf('ls/b/')).toEqual(['ls/b/1', 'ls/b/2']);
    expect(await keysOf('none/such')).toEqual([]);
    expect(await keysOf('')).toContain('lsx');
    const [listed] = await Array.fromAsync(storage().list('ls/a-b'));
    expect(listed).toMatchObject({ sizeBytes: 6, modifiedAt: expect.any(Date) });
  });

  test('list matches the pattern against the key after the prefix', async () => {
    for (const key of ['glob/a.txt', 'glob/b.txt', 'glob/b.png', 'glob/deep/a.txt', 'globe.txt']) {
      await put(key, key);
    }
    const matching = async (prefix: string, pattern: string) =>
      (await Array.fromAsync(storage().list(prefix, { pattern }))).map(({ key }) => key);
    const texts = ['glob/a.txt', 'glob/b.txt', 'glob/deep/a.txt'];
    expect(await matching('glob/', '*.txt')).toEqual(texts);
    expect(await matching('glob/', '?.txt')).toEqual(texts.slice(0, 2));
    expect(await matching('glob', '?.txt')).toEqual(['globe.txt']);
    expect(await matching('glob/b', '.*')).toEqual(['glob/b.png', 'glob/b.txt']);
    expect(await matching('glob/', 'deep/*')).toEqual(['glob/deep/a.txt']);
    expect(await matching('glob/', '')).toEqual([]);
    expect(() => storage().list('glob/', { pattern: '[ab].txt' })).toThrow('storage pattern');
  });

  test('copy keeps bytes and content type, and fails without a source', async () => {
    await storage().upload('cp/a', new TextEncoder().encode('same'), { contentType: 'text/csv' });
    await storage().copy('cp/a', 'cp/deep/b');
    await storage().copy('cp/a', 'cp/a');
    await storage().delete('cp/a');
    expect(await read('cp/deep/b')).toBe('same');
    expect(await storage().metadata('cp/deep/b')).toMatchObject({ contentType: 'text/csv' });
    await expect(storage().copy('cp/a', 'cp/c')).rejects.toBeInstanceOf(DomainNotFoundError);
  });

  test('delete leaves nothing, and a second delete succeeds', async () => {
    const before = await inventory();
    await put('rm/deep/down/a', 'x');
    await put('rm/deep/b', 'x');
    await storage().delete('rm/deep/down/a');
    expect(await storage().exists('rm/deep/b')).toBe(true);
    await storage().delete('rm/deep/b');
    await storage().delete('rm/deep/b');
    expect(await inventory()).toBe(before);
  });

  test('parallel uploads and deletions in one folder succeed', async () => {
    const tasks = Array.from({ length: 8 }, async (_, i) => {
      for (let turn = 0; turn < (harness.isRemote() ? 2 : 10); turn++) {
        await put(`race/x/y/${i}`, String(turn));
        expect(await read(`race/x/y/${i}`)).toBe(String(turn));
        await storage().delete(`race/x/y/${i}`);
      }
    });
    await Promise.all(tasks);
    expect(await keysOf('race/')).toEqual([]);
  });
}
