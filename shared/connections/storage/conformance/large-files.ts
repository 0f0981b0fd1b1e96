import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import type { StorageProvider } from '../storage-provider.ts';
import { textType } from './harness.ts';

const MEGABYTE = 1024 * 1024;

/** Tests files of several parts, for providers that upload in parts. */
export function describeLargeFiles(
  name: string,
  open: () => StorageProvider,
  inventory?: () => Promise<string>,
): void {
  describe(`${name} with files of several parts`, () => {
    test('download returns the uploaded bytes, also for a range across parts', async () => {
      const storage = open();
      const hash = createHash('sha256');
      const stored = await storage.upload('large/a', randomBytes(20, hash), textType);
      const sha256 = hash.digest('hex');
      expect(stored).toEqual({ sizeBytes: 20 * MEGABYTE + 1, sha256 });
      expect(await storage.metadata('large/a')).toMatchObject({ ...textType });
      expect(await hashOf(await storage.download('large/a'))).toBe(sha256);
      const range = { start: 8 * MEGABYTE - 2, end: 8 * MEGABYTE + 1 };
      const part = await new Response(await storage.download('large/a', { range })).bytes();
      expect(part.byteLength).toBe(4);
      await storage.copy('large/a', 'large/b');
      expect(await hashOf(await storage.download('large/b'))).toBe(sha256);
      await storage.delete('large/a');
      await storage.delete('large/b');
    });

    test('an upload that fails after the first parts leaves nothing', async () => {
      const storage = open();
      await storage.upload('large/kept', new TextEncoder().encode('kept'), textType);
      const before = await inventory?.();
      for (const key of ['large/new', 'large/kept']) {
        const failing = storage.upload(key, failingAfter(18), textType);
        await expect(failing).rejects.toThrow('cable pulled');
        const controller = new AbortController();
        const aborted = storage.upload(
          key,
          failingAfter(18, () => controller.abort()),
          { ...textType, signal: controller.signal },
        );
        await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
      }
      expect(await storage.exists('large/new')).toBe(false);
      expect(await new Response(await storage.download('large/kept')).text()).toBe('kept');
      expect(await inventory?.()).toBe(before);
    });
  });
}

async function* randomBytes(megabytes: number, hash: { update(chunk: Uint8Array): unknown }) {
  for (const size of [...Array.from({ length: megabytes }, () => MEGABYTE), 1]) {
    const chunk = new Uint8Array(size);
    for (let start = 0; start < size; start += 65_536)
      crypto.getRandomValues(chunk.subarray(start, start + 65_536));
    hash.update(chunk);
    yield chunk;
  }
}

async function* failingAfter(
  megabytes: number,
  fail: () => void = () => {
    throw new Error('cable pulled');
  },
) {
  for (let sent = 0; sent < megabytes; sent++) yield new Uint8Array(MEGABYTE);
  fail();
  yield new Uint8Array(MEGABYTE);
}

async function hashOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}
