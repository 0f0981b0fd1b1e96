import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { type Harness, MAX_FILE_BYTES, textType } from './harness.ts';
import { failingStream, infiniteStream, slowStream, stalledStream } from './sources.ts';

/** Tests `upload`. */
export function describeUploads({ storage, put, read, keysOf }: Harness): void {
  test('upload returns size and hash, and download returns the same bytes', async () => {
    const parts = Array.from({ length: 40 }, () => crypto.getRandomValues(new Uint8Array(9973)));
    const whole = Buffer.concat(parts);
    const stored = await storage().upload('up/stream', new Blob(parts).stream(), textType);
    const sha256 = createHash('sha256').update(whole).digest('hex');
    expect(stored).toEqual({ sizeBytes: whole.byteLength, sha256 });
    const back = await new Response(await storage().download('up/stream')).bytes();
    expect(Buffer.compare(back, whole)).toBe(0);
  });

  test('upload stores an empty file', async () => {
    expect(await put('up/empty', '')).toMatchObject({ sizeBytes: 0 });
    expect(await read('up/empty')).toBe('');
  });

  test('upload replaces the previous bytes and content type', async () => {
    await put('up/replaced', 'first');
    const bytes = new TextEncoder().encode('second');
    await storage().upload('up/replaced', bytes, { contentType: 'text/markdown' });
    expect(await read('up/replaced')).toBe('second');
    const metadata = await storage().metadata('up/replaced');
    expect(metadata).toMatchObject({ sizeBytes: 6, contentType: 'text/markdown' });
  });

  test('a key can be both a file and a prefix of other keys', async () => {
    await put('up/nest', 'parent');
    await put('up/nest/child', 'child');
    await put('up/nest/child/leaf', 'leaf');
    await put('up/nest', 'parent again');
    expect(await read('up/nest')).toBe('parent again');
    expect(await read('up/nest/child')).toBe('child');
    expect(await keysOf('up/nest')).toEqual(['up/nest', 'up/nest/child', 'up/nest/child/leaf']);
  });

  test('upload accepts a file of the maximum size and rejects one byte more', async () => {
    await storage().upload('up/max', new Uint8Array(MAX_FILE_BYTES), textType);
    const tooLarge = new Uint8Array(MAX_FILE_BYTES + 1);
    const upload = storage().upload('up/over', tooLarge, { ...textType, maxBytes: 2e9 });
    await expect(upload).rejects.toBeInstanceOf(PayloadTooLargeError);
  });
}

/** Tests that failed uploads leave nothing and keep the previous file. */
export function describeFailedUploads({ storage, put, read, inventory }: Harness): void {
  const attempts: [reason: string, error: string, attempt: (key: string) => Promise<unknown>][] = [
    ['the source fails', 'Error', (key) => storage().upload(key, failingStream(), textType)],
    [
      'the file exceeds maxBytes',
      'PayloadTooLargeError',
      (key) => storage().upload(key, infiniteStream(), { ...textType, maxBytes: 300_000 }),
    ],
    [
      'the signal aborts during the transfer',
      'TimeoutError',
      (key) => storage().upload(key, slowStream(), abortedAfter(20)),
    ],
    [
      'the signal aborts while the source stalls',
      'TimeoutError',
      (key) => storage().upload(key, stalledStream(), abortedAfter(20)),
    ],
    [
      'the signal is already aborted',
      'AbortError',
      (key) =>
        storage().upload(key, infiniteStream(), { ...textType, signal: AbortSignal.abort() }),
    ],
  ];
  test.each(attempts)('an upload leaves nothing when %s', async (_reason, name, attempt) => {
    await put('fail/kept', 'still here');
    const before = await inventory();
    await expect(attempt('fail/new')).rejects.toMatchObject({ name });
    await expect(attempt('fail/kept')).rejects.toMatchObject({ name });
    expect(await inventory()).toBe(before);
    expect(await storage().exists('fail/new')).toBe(false);
    expect(await read('fail/kept')).toBe('still here');
  });
}

const abortedAfter = (ms: number) => ({ ...textType, signal: AbortSignal.timeout(ms) });
