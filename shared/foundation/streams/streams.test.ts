import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { collectBytes, createMeter, hashBytes, limitBytes, readChunks } from './index.ts';
import { bytes, drain, endless, stuck } from './test-sources.ts';

describe('readChunks', () => {
  const sources = {
    bytes: () => bytes('hello'),
    'a web stream': () => new Blob(['hello']).stream(),
    'a Node stream': () => Readable.from([Buffer.from('he'), Buffer.from('llo')]),
  };
  for (const [name, source] of Object.entries(sources)) {
    test(`reads ${name}`, async () => {
      expect(await collectBytes(readChunks(source()))).toEqual(bytes('hello'));
    });
  }

  test('passes on the error of the source', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('cable pulled')),
    });
    await expect(drain(readChunks(broken))).rejects.toThrow('cable pulled');
  });

  test('cancels the source when left early', async () => {
    const cancelled = Promise.withResolvers<unknown>();
    for await (const _ of readChunks(endless(cancelled.resolve))) break;
    await cancelled.promise;
  });

  test('an abort ends a read that waits forever, and reaches the source', async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const silent = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
    const abort = new AbortController();
    const reading = drain(readChunks(silent, abort.signal));
    abort.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
    expect(await cancelled.promise).toEqual(new Error('gone'));
  });

  test('an abort ends an iterable that waits forever', async () => {
    const abort = new AbortController();
    const reading = drain(readChunks(Readable.from(stuck()), abort.signal));
    abort.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
  });

  test('reads nothing when aborted before', async () => {
    await expect(drain(readChunks(bytes('x'), AbortSignal.abort()))).rejects.toThrow();
  });
});

describe('limitBytes', () => {
  test('lets exactly the limit through', async () => {
    expect(await drain(limitBytes(readChunks(bytes('12345')), 5))).toBe(5);
  });

  test('refuses one byte more and cancels the source', async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const limited = limitBytes(readChunks(endless(cancelled.resolve)), 200_000);
    await expect(drain(limited)).rejects.toBeInstanceOf(PayloadTooLargeError);
    await cancelled.promise;
  });
});

test('a meter counts and hashes what passes', async () => {
  const meter = createMeter();
  await drain(meter.through(readChunks(new Blob(['hello ', 'world']).stream())));
  const sha256 = createHash('sha256').update('hello world').digest('hex');
  expect(meter.result()).toEqual({ sizeBytes: 11, sha256 });
});

test('a chunk is asked for when the one before has passed, so that few are held', async () => {
  let [given, passed, most] = [0, 0, 0];
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      most = Math.max(most, ++given - passed);
      if (given <= 1_000) controller.enqueue(new Uint8Array(64));
      else controller.close();
    },
  });
  const chunks = createMeter().through(limitBytes(readChunks(source), 64_000));
  for await (const _ of chunks) {
    passed++;
    await Bun.sleep(0);
  }
  expect(passed).toBe(1_000);
  // One that is under way, and one that a stream keeps ready by itself.
  expect(most).toBeLessThanOrEqual(3);
});

test('chunks that have passed are let go of, while more are to come', async () => {
  const given: WeakRef<Uint8Array>[] = [];
  async function* source() {
    for (let n = 0; n < 200; n++) {
      const chunk = new Uint8Array(64);
      given.push(new WeakRef(chunk));
      yield chunk;
      await Bun.sleep(0);
    }
  }
  let passed = 0;
  let kept = 0;
  for await (const _ of readChunks(source())) {
    if (++passed < 200) continue;
    Bun.gc(true);
    kept = given.filter((one) => one.deref()).length;
  }
  expect(passed).toBe(200);
  expect(kept).toBeLessThan(100);
});

test('the hash of a source', async () => {
  const sha256 = createHash('sha256').update('hello').digest('hex');
  expect(await hashBytes(readChunks(bytes('hello')))).toEqual({ sizeBytes: 5, sha256 });
});
