import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dependencies } from './conformance/harness.ts';
import { serveSignedUrl } from './conformance/serve-signed-urls.ts';
import { describeStorage, MAX_FILE_BYTES } from './conformance/suite.ts';
import { createStorage, type StorageProvider } from './index.ts';

const textType = { contentType: 'text/plain' };
const newDirectory = () => mkdtemp(join(tmpdir(), 'insightdesk-storage-'));
const openLocal = (directory: string, maxFileBytes = MAX_FILE_BYTES) =>
  createStorage({ provider: 'local', directory, maxFileBytes }, dependencies);

async function inventoryOf(directory: string): Promise<string> {
  const paths = (await readdir(directory, { recursive: true })).sort();
  const lines = paths.map(async (path) => {
    const found = await stat(join(directory, path));
    return found.isFile() ? `${path} ${found.size}` : path;
  });
  // The first upload creates the folder `files`, which stays.
  return (await Promise.all(lines)).filter((line) => line !== 'files').join('\n');
}

describeStorage('LocalStorage', async () => {
  const directory = await newDirectory();
  const storage = openLocal(directory);
  return {
    storage,
    request: (...args) => serveSignedUrl(storage, dependencies.signer, new Request(...args)),
    inventory: () => inventoryOf(directory),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});

describe('LocalStorage on disk', () => {
  let directory: string;
  let storage: StorageProvider;
  beforeEach(async () => {
    directory = await newDirectory();
    storage = openLocal(directory, 2 ** 31);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test('the constructor deletes only temporary files older than a day', async () => {
    const old = join(directory, 'incoming', 'old');
    const recent = join(directory, 'incoming', 'recent');
    await Promise.all([writeFile(old, 'half'), writeFile(recent, 'half')]);
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(old, yesterday, yesterday);
    openLocal(directory);
    expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
  });

  test('metadata ignores a description that does not match its file', async () => {
    await storage.upload('a', new Uint8Array(3), { contentType: 'image/png' });
    await writeFile(join(directory, 'files', 'a'), 'of another size');
    const unknown = { contentType: 'application/octet-stream' };
    expect(await storage.metadata('a')).toMatchObject(unknown);
    await writeFile(join(directory, 'files', 'a~meta'), '{"contentTy');
    expect(await storage.metadata('a')).toMatchObject(unknown);
  });

  test('a download continues with its file after a replacement and a deletion', async () => {
    await storage.upload('a', new Uint8Array(1_000_000).fill(1), textType);
    const reader = (await storage.download('a')).getReader();
    await reader.read();
    await storage.upload('a', new Uint8Array(10).fill(2), textType);
    await storage.delete('a');
    let sizeBytes = 256 * 1024;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      expect(part.value.every((byte) => byte === 1)).toBe(true);
      sizeBytes += part.value.byteLength;
    }
    expect(sizeBytes).toBe(1_000_000);
  });

  test('an upload writes each chunk before it reads more', async () => {
    const chunkBytes = 64 * 1024;
    const incoming = join(directory, 'incoming');
    let [sentChunks, maxPending] = [0, 0];
    const source = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const [name] = await readdir(incoming);
        const written = name ? (await stat(join(incoming, name))).size / chunkBytes : 0;
        maxPending = Math.max(maxPending, sentChunks - written);
        if (sentChunks++ < 200) controller.enqueue(new Uint8Array(chunkBytes));
        else controller.close();
      },
    });
    await storage.upload('a', source, textType);
    expect(sentChunks).toBe(201);
    // One chunk is being written, and the stream buffers another.
    expect(maxPending).toBeLessThanOrEqual(2);
  });

  test('a download reads from disk on demand, and fails for a truncated file', async () => {
    await storage.upload('a', new Uint8Array(1_000_000), textType);
    const reader = (await storage.download('a')).getReader();
    expect((await reader.read()).value?.byteLength).toBe(256 * 1024);
    await truncate(join(directory, 'files', 'a'), 256 * 1024);
    await expect(reader.read()).rejects.toThrow('truncated');
  });

  test.skipIf(!existsSync('/proc/self/fd'))(
    'files are closed after every download and upload, also after failures',
    async () => {
      const openFiles = async () => (await readdir('/proc/self/fd')).length;
      await storage.upload('a', new Uint8Array(600_000), textType);
      const before = await openFiles();
      for (let turn = 0; turn < 20; turn++) {
        await (await storage.download('a')).cancel();
        const reader = (await storage.download('a')).getReader();
        await reader.read();
        await reader.cancel();
        await new Response(await storage.download('a')).bytes();
        const range = { start: 1e9, end: 2e9 };
        await storage.download('a', { range }).catch(() => undefined);
        await storage
          .upload('b', new Uint8Array(10), { ...textType, maxBytes: 1 })
          .catch(() => undefined);
      }
      expect(await openFiles()).toBeLessThan(before + 5);
    },
  );
});
