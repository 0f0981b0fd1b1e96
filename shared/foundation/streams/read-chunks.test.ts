import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { collectBytes, createByteMeter, hashBytes, limitBytes, readChunks } from './index.ts';
import { countBytes, createSilentSource, createUnlimitedSource, toBytes } from './test-sources.ts';

describe('readChunks', () => {
  const sources = {
    bytes: () => toBytes('hello'),
    'a web stream': () => new Blob(['hello']).stream(),
    'a Node stream': () => Readable.from([Buffer.from('he'), Buffer.from('llo')]),
  };
  for (const [name, source] of Object.entries(sources)) {
    test(`readChunks: reads ${name}`, async () => {
      expect(await collectBytes(readChunks(source()))).toEqual(toBytes('hello'));
    });
  }

  test('readChunks: passes the error of the source', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('connection lost')),
    });
    await expect(countBytes(readChunks(broken))).rejects.toThrow('connection lost');
  });

  test('readChunks: an early return cancels the source', async () => {
    const cancelled = Promise.withResolvers<unknown>();
    for await (const _ of readChunks(createUnlimitedSource(cancelled.resolve))) break;
    await cancelled.promise;
  });

  test('readChunks: an abort ends a pending read and cancels the source', async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const silent = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
    const abort = new AbortController();
    const reading = countBytes(readChunks(silent, abort.signal));
    abort.abort(new Error('aborted'));
    await expect(reading).rejects.toThrow('aborted');
    expect(await cancelled.promise).toEqual(new Error('aborted'));
  });

  test('readChunks: an abort ends a pending read of an iterable', async () => {
    const abort = new AbortController();
    const reading = countBytes(readChunks(Readable.from(createSilentSource()), abort.signal));
    abort.abort(new Error('aborted'));
    await expect(reading).rejects.toThrow('aborted');
  });

  test('readChunks: an aborted signal rejects before the first read', async () => {
    await expect(countBytes(readChunks(toBytes('x'), AbortSignal.abort()))).rejects.toThrow();
  });
});

describe('limitBytes', () => {
  test('limitBytes: passes exactly the limit', async () => {
    expect(await countBytes(limitBytes(readChunks(toBytes('12345')), 5))).toBe(5);
  });

  test('limitBytes: one byte more is refused and cancels the source', async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const limited = limitBytes(readChunks(createUnlimitedSource(cancelled.resolve)), 200_000);
    await expect(countBytes(limited)).rejects.toBeInstanceOf(PayloadTooLargeError);
    await cancelled.promise;
  });
});

test('createByteMeter: counts and hashes the bytes', async () => {
  const meter = createByteMeter();
  await countBytes(meter.through(readChunks(new Blob(['hello ', 'world']).stream())));
  const sha256 = createHash('sha256').update('hello world').digest('hex');
  expect(meter.result()).toEqual({ sizeBytes: 11, sha256 });
});

test('readChunks: consumed chunks are garbage-collected while more are to come', async () => {
  const references: WeakRef<Uint8Array>[] = [];
  async function* source() {
    for (let n = 0; n < 200; n++) {
      const chunk = new Uint8Array(64);
      references.push(new WeakRef(chunk));
      yield chunk;
      await Bun.sleep(0);
    }
  }
  let consumed = 0;
  let retained = 0;
  for await (const _ of readChunks(source())) {
    if (++consumed < 200) continue;
    Bun.gc(true);
    retained = references.filter((reference) => reference.deref()).length;
  }
  expect(consumed).toBe(200);
  expect(retained).toBeLessThan(100);
});

test('hashBytes: returns size and hash of a source', async () => {
  const sha256 = createHash('sha256').update('hello').digest('hex');
  expect(await hashBytes(readChunks(toBytes('hello')))).toEqual({ sizeBytes: 5, sha256 });
});
