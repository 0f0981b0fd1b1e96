import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { collectBytes } from '@insightdesk/shared/streams';
import {
  fileMetadata,
  joinInside,
  listFiles,
  makeDirectory,
  readBytes,
  readFileChunks,
  readText,
  removeDirectory,
  resolveInside,
  withTempDirectory,
  writeFileAtomically,
} from './index.ts';

let root: string;
let removeRoot: () => void;
beforeEach(async () => {
  const created = Promise.withResolvers<void>();
  const removed = new Promise<void>((resolve) => {
    removeRoot = resolve;
  });
  withTempDirectory(async (directory) => {
    root = directory;
    created.resolve();
    await removed;
  }).catch(created.reject);
  await created.promise;
});
afterEach(() => removeRoot());

const pathOf = (name: string) => join(root, name);
function randomBytes(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let from = 0; from < sizeBytes; from += 65_536) {
    crypto.getRandomValues(bytes.subarray(from, from + 65_536));
  }
  return bytes;
}

describe('reading', () => {
  test('readText and readBytes: a file up to maxBytes is read', async () => {
    await writeFileAtomically(pathOf('a'), 'grüße');
    expect(await readText(pathOf('a'), { maxBytes: 7 })).toBe('grüße');
    expect(await readBytes(pathOf('a'), { maxBytes: 7 })).toHaveLength(7);
    const tooLong = readText(pathOf('a'), { maxBytes: 6 });
    await expect(tooLong).rejects.toMatchObject({ code: 'FILE_TOO_LONG' });
  });

  test('readText: a missing file is undefined, an unreadable one fails', async () => {
    expect(await readText(pathOf('none'), { maxBytes: 1 })).toBeUndefined();
    await expect(readText(root, { maxBytes: 1 })).rejects.toMatchObject({ code: 'EISDIR' });
  });

  test('readBytes: an unlimited file fails at maxBytes', async () => {
    const unlimited = readBytes('/dev/zero', { maxBytes: 1_000_000 });
    await expect(unlimited).rejects.toMatchObject({ code: 'FILE_TOO_LONG' });
  });

  test('readFileChunks: reads a file in chunks, and a range of it', async () => {
    const long = crypto.getRandomValues(new Uint8Array(65_536));
    const content = Buffer.concat(Array(12).fill(long));
    await writeFileAtomically(pathOf('long'), content);
    const read = (range = {}) => collectBytes(readFileChunks(pathOf('long'), range));
    expect(Buffer.compare(await read(), content)).toBe(0);
    expect(await read({ start: 65_530, end: 65_541 })).toEqual(
      new Uint8Array(content.subarray(65_530, 65_542)),
    );
    expect(await read({ start: content.length - 1, end: 1e12 })).toHaveLength(1);
    for await (const chunk of readFileChunks(pathOf('long'))) {
      expect(chunk.byteLength).toBeLessThanOrEqual(256 * 1024);
    }
    await expect(collectBytes(readFileChunks(pathOf('none')))).rejects.toThrow('ENOENT');
  });
});

describe('writing', () => {
  test('writeFileAtomically: replaces the file, with access for its owner only', async () => {
    await writeFileAtomically(pathOf('a'), 'a longer first one');
    await writeFileAtomically(pathOf('a'), new Blob(['second']).stream());
    expect(readFileSync(pathOf('a'), 'utf8')).toBe('second');
    expect(statSync(pathOf('a')).mode & 0o777).toBe(0o600);
    await writeFileAtomically(pathOf('a'), 'third', { mode: 0o640 });
    expect(statSync(pathOf('a')).mode & 0o777).toBe(0o640);
  });

  async function* broken() {
    yield new TextEncoder().encode('half');
    throw new Error('connection lost');
  }
  const failures: [string, () => Promise<void>][] = [
    ['a source that breaks', () => writeFileAtomically(pathOf('a'), broken())],
    ['an abort', () => writeFileAtomically(pathOf('a'), 'x', { signal: AbortSignal.abort() })],
    [
      'an abort while the source is silent',
      () =>
        writeFileAtomically(pathOf('a'), new ReadableStream(), { signal: AbortSignal.timeout(10) }),
    ],
  ];
  test.each(failures)(
    'writeFileAtomically: %s retains the old file and leaves no draft',
    async (_, write) => {
      await writeFileAtomically(pathOf('a'), 'old');
      await expect(write()).rejects.toThrow();
      expect(readdirSync(root)).toEqual(['a']);
      expect(readFileSync(pathOf('a'), 'utf8')).toBe('old');
    },
  );

  test('writeFileAtomically: concurrent writes leave one complete content', async () => {
    const contents = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(50_000));
    await Promise.all(contents.map((content) => writeFileAtomically(pathOf('a'), content)));
    expect(contents).toContain(readFileSync(pathOf('a'), 'utf8'));
    expect(readdirSync(root)).toEqual(['a']);
  });

  test.each([1, 100, 8_191, 65_536, 3_000_000])(
    'writeFileAtomically: chunks of %d bytes are written completely',
    async (length) => {
      const content = randomBytes(Math.min(length * 700, 4_000_000));
      async function* chunks() {
        for (let at = 0; at < content.length; at += length) {
          yield content.subarray(at, at + length);
          yield new Uint8Array();
        }
      }
      await writeFileAtomically(pathOf('a'), chunks());
      expect(Buffer.compare(readFileSync(pathOf('a')), content)).toBe(0);
    },
  );

  test('writeFileAtomically: a link is replaced, not followed', async () => {
    await writeFileAtomically(pathOf('elsewhere'), 'untouched');
    symlinkSync(pathOf('elsewhere'), pathOf('link'));
    await writeFileAtomically(pathOf('link'), 'own');
    expect(readFileSync(pathOf('elsewhere'), 'utf8')).toBe('untouched');
    expect(await fileMetadata(pathOf('link'))).toMatchObject({ kind: 'file', sizeBytes: 3 });
  });
});

describe('directories', () => {
  test('listFiles: lists files in order, without following links', async () => {
    await makeDirectory(pathOf('d/e'));
    await makeDirectory(pathOf('d/e'));
    for (const name of ['d/e/2', 'd/b', 'd/e/1']) await writeFileAtomically(pathOf(name), name);
    symlinkSync('/etc', pathOf('d/link'));
    const listed = await Array.fromAsync(listFiles(pathOf('d')));
    expect(listed.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ['b', 3],
      ['e/1', 5],
      ['e/2', 5],
    ]);
    expect(await Array.fromAsync(listFiles(pathOf('none')))).toEqual([]);
  });

  test('fileMetadata: returns the kind of a path', async () => {
    symlinkSync('/nowhere', pathOf('link'));
    expect(await fileMetadata(root)).toMatchObject({ kind: 'directory' });
    expect(await fileMetadata(pathOf('link'))).toMatchObject({ kind: 'link' });
    expect(await fileMetadata('/dev/null')).toMatchObject({ kind: 'other' });
    expect(await fileMetadata(pathOf('none'))).toBeUndefined();
  });

  test('removeDirectory: removes the content, but not the targets of links', async () => {
    mkdirSync(pathOf('retained'));
    await writeFileAtomically(pathOf('retained/a'), 'x');
    await makeDirectory(pathOf('gone/deep'));
    symlinkSync(pathOf('retained'), pathOf('gone/deep/link'));
    await removeDirectory(pathOf('gone'));
    await removeDirectory(pathOf('gone'));
    expect(readdirSync(root)).toEqual(['retained']);
    expect(existsSync(pathOf('retained/a'))).toBe(true);
  });

  test('withTempDirectory: the directory is removed when the work fails', async () => {
    let tempDirectory = '';
    const work = withTempDirectory(async (directory) => {
      tempDirectory = directory;
      await writeFileAtomically(join(directory, 'a'), 'x');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(existsSync(tempDirectory)).toBe(false);
  });
});

describe('untrusted paths', () => {
  const inside = [['a/b.txt'], ['..a/b'], ['a', 'b', 'c..'], ['./a'], ['ünïcode 文.txt']];
  test.each(inside.map((parts) => ({ parts })))('joinInside: $parts are accepted', ({ parts }) => {
    expect(joinInside('/root', ...parts)).toStartWith('/root/');
  });

  const outside = [
    ['../a'],
    ['a/../../b'],
    ['a', '..', 'b'],
    ['/etc/passwd'],
    ['a', '/etc/passwd'],
    ['a\\..\\b'],
    ['a\0.png'],
    ['.'],
    [''],
    ['..'],
  ];
  test.each(outside.map((parts) => ({ parts })))('joinInside: $parts are refused', ({ parts }) => {
    expect(() => joinInside('/root', ...parts)).toThrow('outside its root');
  });

  test('resolveInside: a sibling with the same prefix is outside', async () => {
    await makeDirectory(pathOf('in'));
    await makeDirectory(pathOf('inside'));
    symlinkSync(pathOf('inside'), pathOf('in/link'));
    await expect(resolveInside(pathOf('in'), 'link')).rejects.toMatchObject({
      code: 'INVALID_PATH',
    });
  });

  test('resolveInside: links are followed', async () => {
    await makeDirectory(pathOf('in/deep'));
    await writeFileAtomically(pathOf('in/deep/a'), 'x');
    symlinkSync('deep', pathOf('in/short'));
    symlinkSync('/etc', pathOf('in/out'));
    const real = await resolveInside(pathOf('in'), 'short/a');
    expect(real).toEndWith('/in/deep/a');
    await expect(resolveInside(pathOf('in'), 'out', 'passwd')).rejects.toMatchObject({
      status: 422,
    });
    expect(await resolveInside(pathOf('in'), 'none')).toBeUndefined();
  });
});
