import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Harness, textType } from './harness.ts';

const invalidKeys = [
  ['empty', ''],
  ['absolute', '/etc/passwd'],
  ['traversal', '../secret'],
  ['inner traversal', 'a/../../secret'],
  ['current folder', 'a/./b'],
  ['empty segment', 'a//b'],
  ['trailing slash', 'a/'],
  ['NUL', 'a\0b'],
  ['backslash', 'a\\b'],
  ['encoded', 'a%2e%2e/b'],
  ['not ASCII', 'å'],
  ['line feed', 'a\n'],
  ['with the suffix of a folder', 'a~/b'],
  ['too long', `${'a'.repeat(100)}/`.repeat(5).concat('aaaaaaaa')],
  ['with a segment over 200 characters', 'a'.repeat(201)],
] as const;

/** Every method rejects invalid keys. */
export function describeKeys({ storage, put, inventory }: Harness): void {
  let before: string;
  beforeAll(async () => {
    await put('key/good', 'x');
    before = await inventory();
  });
  afterAll(async () => expect(await inventory()).toBe(before));

  for (const [reason, key] of invalidKeys) {
    test(`a key that is ${reason} is rejected with INVALID_KEY`, async () => {
      const calls = [
        () => put(key, 'x'),
        () => storage().download(key),
        () => storage().metadata(key),
        () => storage().exists(key),
        () => storage().copy('key/good', key),
        () => storage().copy(key, 'key/other'),
        () => storage().delete(key),
        () => storage().signDownload(key, { expiresInSeconds: 60 }),
        () => storage().signUpload(key, { expiresInSeconds: 60, ...textType }),
      ];
      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({ code: 'INVALID_KEY', status: 422 });
      }
    });
  }

  test('list: an invalid prefix is rejected', () => {
    for (const prefix of ['../', '/', 'a/../b', 'a//', 'a*']) {
      expect(() => storage().list(prefix)).toThrow('storage prefix');
    }
  });
}
