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
let leave: () => void;
beforeEach(async () => {
  const entered = Promise.withResolvers<void>();
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  withTempDirectory(async (directory) => {
    root = directory;
    entered.resolve();
    await left;
  }).catch(entered.reject);
  await entered.promise;
});
afterEach(() => leave());

const at = (name: string) => join(root, name);
function noise(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let from = 0; from < sizeBytes; from += 65_536) {
    crypto.getRandomValues(bytes.subarray(from, from + 65_536));
  }
  return bytes;
}

describe('reading', () => {
  test('a small file, up to its bound', async () => {
    await writeFileAtomically(at('a'), 'grüße');
    expect(await readText(at('a'), { maxBytes: 7 })).toBe('grüße');
    expect(await readBytes(at('a'), { maxBytes: 7 })).toHaveLength(7);
    const tooLong = readText(at('a'), { maxBytes: 6 });
    await expect(tooLong).rejects.toMatchObject({ code: 'FILE_TOO_LONG' });
  });

  test('what is not there is undefined, what may not be read fails', async () => {
    expect(await readText(at('none'), { maxBytes: 1 })).toBeUndefined();
    await expect(readText(root, { maxBytes: 1 })).rejects.toMatchObject({ code: 'EISDIR' });
  });

  test('a file without an end is given up at the bound', async () => {
    const endless = readBytes('/dev/zero', { maxBytes: 1_000_000 });
    await expect(endless).rejects.toMatchObject({ code: 'FILE_TOO_LONG' });
  });

  test('a long one in chunks, and a range of it', async () => {
    const long = crypto.getRandomValues(new Uint8Array(65_536));
    const content = Buffer.concat(Array(12).fill(long));
    await writeFileAtomically(at('long'), content);
    const read = (range = {}) => collectBytes(readFileChunks(at('long'), range));
    expect(Buffer.compare(await read(), content)).toBe(0);
    expect(await read({ start: 65_530, end: 65_541 })).toEqual(
      new Uint8Array(content.subarray(65_530, 65_542)),
    );
    expect(await read({ start: content.length - 1, end: 1e12 })).toHaveLength(1);
    for await (const chunk of readFileChunks(at('long'))) {
      expect(chunk.byteLength).toBeLessThanOrEqual(256 * 1024);
    }
    await expect(collectBytes(readFileChunks(at('none')))).rejects.toThrow('ENOENT');
  });
});

describe('writing', () => {
  test('replaces the whole file, for its owner alone', async () => {
    await writeFileAtomically(at('a'), 'a longer first one');
    await writeFileAtomically(at('a'), new Blob(['second']).stream());
    expect(readFileSync(at('a'), 'utf8')).toBe('second');
    expect(statSync(at('a')).mode & 0o777).toBe(0o600);
    await writeFileAtomically(at('a'), 'third', { mode: 0o640 });
    expect(statSync(at('a')).mode & 0o777).toBe(0o640);
  });

  async function* broken() {
    yield new TextEncoder().encode('half');
    throw new Error('cable pulled');
  }
  const failures: [string, () => Promise<void>][] = [
    ['a source that breaks', () => writeFileAtomically(at('a'), broken())],
    ['an abort', () => writeFileAtomically(at('a'), 'x', { signal: AbortSignal.abort() })],
    [
      'an abort while the source is silent',
      () => writeFileAtomically(at('a'), new ReadableStream(), { signal: AbortSignal.timeout(10) }),
    ],
  ];
  test.each(failures)('%s keeps the old one and leaves nothing', async (_, write) => {
    await writeFileAtomically(at('a'), 'old');
    await expect(write()).rejects.toThrow();
    expect(readdirSync(root)).toEqual(['a']);
    expect(readFileSync(at('a'), 'utf8')).toBe('old');
  });

  test('many at once leave one of them whole', async () => {
    const contents = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(50_000));
    await Promise.all(contents.map((content) => writeFileAtomically(at('a'), content)));
    expect(contents).toContain(readFileSync(at('a'), 'utf8'));
    expect(readdirSync(root)).toEqual(['a']);
  });

  test.each([1, 100, 8_191, 65_536, 3_000_000])(
    'chunks of %d bytes arrive whole',
    async (length) => {
      const content = noise(Math.min(length * 700, 4_000_000));
      async function* chunks() {
        for (let at = 0; at < content.length; at += length) {
          yield content.subarray(at, at + length);
          yield new Uint8Array();
        }
      }
      await writeFileAtomically(at('a'), chunks());
      expect(Buffer.compare(readFileSync(at('a')), content)).toBe(0);
    },
  );

  test('a link is replaced, not followed', async () => {
    await writeFileAtomically(at('elsewhere'), 'untouched');
    symlinkSync(at('elsewhere'), at('link'));
    await writeFileAtomically(at('link'), 'own');
    expect(readFileSync(at('elsewhere'), 'utf8')).toBe('untouched');
    expect(await fileMetadata(at('link'))).toMatchObject({ kind: 'file', sizeBytes: 3 });
  });
});

describe('directories', () => {
  test('lists files below in order, without following links', async () => {
    await makeDirectory(at('d/e'));
    await makeDirectory(at('d/e'));
    for (const name of ['d/e/2', 'd/b', 'd/e/1']) await writeFileAtomically(at(name), name);
    symlinkSync('/etc', at('d/link'));
    const listed = await Array.fromAsync(listFiles(at('d')));
    expect(listed.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ['b', 3],
      ['e/1', 5],
      ['e/2', 5],
    ]);
    expect(await Array.fromAsync(listFiles(at('none')))).toEqual([]);
  });

  test('metadata tells what is there', async () => {
    symlinkSync('/nowhere', at('link'));
    expect(await fileMetadata(root)).toMatchObject({ kind: 'directory' });
    expect(await fileMetadata(at('link'))).toMatchObject({ kind: 'link' });
    expect(await fileMetadata('/dev/null')).toMatchObject({ kind: 'other' });
    expect(await fileMetadata(at('none'))).toBeUndefined();
  });

  test('removing takes all in it, and nothing behind a link', async () => {
    mkdirSync(at('kept'));
    await writeFileAtomically(at('kept/a'), 'x');
    await makeDirectory(at('gone/deep'));
    symlinkSync(at('kept'), at('gone/deep/link'));
    await removeDirectory(at('gone'));
    await removeDirectory(at('gone'));
    expect(readdirSync(root)).toEqual(['kept']);
    expect(existsSync(at('kept/a'))).toBe(true);
  });

  test('a temporary one goes however the work ends', async () => {
    let place = '';
    const work = withTempDirectory(async (directory) => {
      place = directory;
      await writeFileAtomically(join(directory, 'a'), 'x');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(existsSync(place)).toBe(false);
  });
});

describe('paths of strangers', () => {
  const inside = [['a/b.txt'], ['..a/b'], ['a', 'b', 'c..'], ['./a'], ['ünïcode 文.txt']];
  test.each(inside.map((parts) => ({ parts })))('$parts stay inside', ({ parts }) => {
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
  test.each(outside.map((parts) => ({ parts })))('$parts are refused', ({ parts }) => {
    expect(() => joinInside('/root', ...parts)).toThrow('out of its place');
  });

  test('a neighbour whose name begins alike is outside', async () => {
    await makeDirectory(at('in'));
    await makeDirectory(at('inside'));
    symlinkSync(at('inside'), at('in/link'));
    await expect(resolveInside(at('in'), 'link')).rejects.toMatchObject({ code: 'INVALID_PATH' });
  });

  test('links are looked through', async () => {
    await makeDirectory(at('in/deep'));
    await writeFileAtomically(at('in/deep/a'), 'x');
    symlinkSync('deep', at('in/short'));
    symlinkSync('/etc', at('in/out'));
    const real = await resolveInside(at('in'), 'short/a');
    expect(real).toEndWith('/in/deep/a');
    await expect(resolveInside(at('in'), 'out', 'passwd')).rejects.toMatchObject({ status: 422 });
    expect(await resolveInside(at('in'), 'none')).toBeUndefined();
  });
});
