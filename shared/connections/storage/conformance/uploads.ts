import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { type Harness, MAX_FILE_BYTES, textType } from './harness.ts';
import { breaking, endless, silent, trickling } from './sources.ts';

/** What is stored comes back, whole. */
export function describeUploads({ storage, put, read, keysOf }: Harness): void {
  test('tells size and hash, and the bytes come back', async () => {
    const parts = Array.from({ length: 40 }, () => crypto.getRandomValues(new Uint8Array(9973)));
    const whole = Buffer.concat(parts);
    const stored = await storage().upload('up/stream', new Blob(parts).stream(), textType);
    const sha256 = createHash('sha256').update(whole).digest('hex');
    expect(stored).toEqual({ sizeBytes: whole.byteLength, sha256 });
    const back = await new Response(await storage().download('up/stream')).bytes();
    expect(Buffer.compare(back, whole)).toBe(0);
  });

  test('keeps an empty file', async () => {
    expect(await put('up/empty', '')).toMatchObject({ sizeBytes: 0 });
    expect(await read('up/empty')).toBe('');
  });

  test('replaces what was there, content type included', async () => {
    await put('up/replaced', 'first');
    const bytes = new TextEncoder().encode('second');
    await storage().upload('up/replaced', bytes, { contentType: 'text/markdown' });
    expect(await read('up/replaced')).toBe('second');
    const metadata = await storage().metadata('up/replaced');
    expect(metadata).toMatchObject({ sizeBytes: 6, contentType: 'text/markdown' });
  });

  test('keeps a key beside keys below it', async () => {
    await put('up/nest', 'parent');
    await put('up/nest/child', 'child');
    await put('up/nest/child/leaf', 'leaf');
    await put('up/nest', 'parent again');
    expect(await read('up/nest')).toBe('parent again');
    expect(await read('up/nest/child')).toBe('child');
    expect(await keysOf('up/nest')).toEqual(['up/nest', 'up/nest/child', 'up/nest/child/leaf']);
  });

  test('takes the largest allowed file and refuses one byte more', async () => {
    await storage().upload('up/max', new Uint8Array(MAX_FILE_BYTES), textType);
    const tooMuch = new Uint8Array(MAX_FILE_BYTES + 1);
    const refused = storage().upload('up/over', tooMuch, { ...textType, maxBytes: 2e9 });
    await expect(refused).rejects.toBeInstanceOf(PayloadTooLargeError);
  });
}

/** However an upload ends before its time, nothing is left of it. */
export function describeFailedUploads({ storage, put, read, inventory }: Harness): void {
  const attempts: [reason: string, error: string, attempt: (key: string) => Promise<unknown>][] = [
    ['the source breaks midway', 'Error', (key) => storage().upload(key, breaking(), textType)],
    [
      'more bytes than allowed',
      'PayloadTooLargeError',
      (key) => storage().upload(key, endless(), { ...textType, maxBytes: 300_000 }),
    ],
    [
      'aborted while bytes flow',
      'TimeoutError',
      (key) => storage().upload(key, trickling(), abortedAfter(20)),
    ],
    [
      'aborted while the source is silent',
      'TimeoutError',
      (key) => storage().upload(key, silent(), abortedAfter(20)),
    ],
    [
      'aborted before',
      'AbortError',
      (key) => storage().upload(key, endless(), { ...textType, signal: AbortSignal.abort() }),
    ],
  ];
  test.each(attempts)('%s', async (_reason, name, attempt) => {
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
