import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import {
  collectBytes,
  createMeter,
  createStream,
  hashBytes,
  limitBytes,
  type Progress,
  pipeline,
  readChunks,
  throttleBytes,
  trackProgress,
} from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function endless(onCancel: (reason: unknown) => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    cancel: onCancel,
  });
}

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of chunks) sizeBytes += chunk.byteLength;
  return sizeBytes;
}

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

async function* stuck(): AsyncGenerator<Uint8Array> {
  yield bytes('first');
  await new Promise(() => {});
}

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

test('the hash of a source', async () => {
  const sha256 = createHash('sha256').update('hello').digest('hex');
  expect(await hashBytes(readChunks(bytes('hello')))).toEqual({ sizeBytes: 5, sha256 });
});

async function* pieces(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length);
}

describe('createStream', () => {
  test('gives what the source gives, to a Response as well', async () => {
    expect(await new Response(createStream(pieces(3, 0, 4))).bytes()).toEqual(new Uint8Array(7));
    expect(await new Response(createStream(bytes('hello'))).text()).toBe('hello');
  });

  test('asks for nothing before it is asked', async () => {
    let pulls = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls++;
          controller.enqueue(bytes('x'));
        },
      },
      { highWaterMark: 0 },
    );
    const reader = createStream(source).getReader();
    await Bun.sleep(0);
    expect(pulls).toBe(0);
    await reader.read();
    expect(pulls).toBe(1);
  });

  test('passes on the error of the source', async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error('disk')) });
    await expect(new Response(createStream(broken)).bytes()).rejects.toThrow('disk');
  });

  test.each(['before it began', 'when it has begun', 'while the source is silent'])(
    'cancelled %s it cancels the source',
    async (when) => {
      const cancelled = Promise.withResolvers<unknown>();
      const source = when.endsWith('silent')
        ? new ReadableStream<Uint8Array>({ cancel: cancelled.resolve })
        : endless(cancelled.resolve);
      const reader = createStream(source).getReader();
      if (when.endsWith('begun')) await reader.read();
      const pending = when.endsWith('silent') ? reader.read() : undefined;
      await reader.cancel(new Error('enough'));
      expect(await cancelled.promise).toEqual(new Error('enough'));
      await pending;
    },
  );

  test('an abort ends a read that waits forever', async () => {
    const abort = new AbortController();
    const reading = new Response(createStream(stuck(), abort.signal)).bytes();
    abort.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
  });
});

describe('throttleBytes', () => {
  /** Time that passes only when somebody waits, and then a little more than asked. */
  function virtualClock({ lateMs = 0 } = {}) {
    let time = 0;
    const clock = {
      now: () => time,
      wait: async (ms: number) => {
        time += ms + lateMs;
      },
    };
    return { clock, pass: (ms: number) => (time += ms) };
  }

  test.each([0, 3])('no second has more than its bytes, with timers %d ms late', async (lateMs) => {
    const { clock } = virtualClock({ lateMs });
    const passed: { at: number; size: number }[] = [];
    for await (const chunk of throttleBytes(pieces(5_000, 1, 2_999), 1_000, { clock })) {
      passed.push({ at: clock.now(), size: chunk.byteLength });
    }
    expect(passed.reduce((sum, { size }) => sum + size, 0)).toBe(8_000);
    for (const { at } of passed) {
      const within = passed.filter((other) => other.at >= at && other.at < at + 1_000);
      expect(within.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(1_150);
    }
    // As fast as allowed: late timers do not add up.
    expect(clock.now()).toBeGreaterThanOrEqual(7_900);
    expect(clock.now()).toBeLessThan(8_100);
  });

  test('what was idle for long does not catch up', async () => {
    const { clock, pass } = virtualClock();
    const source = async function* () {
      yield new Uint8Array(1_000);
      pass(60_000);
      yield new Uint8Array(1_000);
    };
    await drain(throttleBytes(source(), 1_000, { clock }));
    expect(clock.now()).toBeGreaterThan(61_700);
  });

  test('an abort ends the waiting; a rate of nothing is refused', async () => {
    const abort = new AbortController();
    const slow = drain(throttleBytes(pieces(10, 10), 0.001, { signal: abort.signal }));
    abort.abort(new Error('gone'));
    await expect(slow).rejects.toThrow('gone');
    await expect(drain(throttleBytes(pieces(1), 0))).rejects.toThrow(RangeError);
    await expect(drain(throttleBytes(pieces(1), Number.NaN))).rejects.toThrow(RangeError);
  });
});

describe('trackProgress', () => {
  async function told(lengths: number[], options: { totalBytes?: number; everyBytes?: number }) {
    const list: Progress[] = [];
    const onProgress = (progress: Progress) => list.push(progress);
    await drain(trackProgress(pieces(...lengths), { ...options, onProgress }));
    return list;
  }

  test('tells percent and bytes, and the end once', async () => {
    expect(await told([100, 1, 99], { totalBytes: 200 })).toEqual([
      { bytes: 100, percent: 50 },
      { bytes: 200, percent: 100 },
    ]);
    expect(await told([], { totalBytes: 0 })).toEqual([{ bytes: 0, percent: 100 }]);
    expect(await told([150], { totalBytes: 100 })).toEqual([{ bytes: 150, percent: 100 }]);
    expect(await told([50], { totalBytes: 100 })).toEqual([{ bytes: 50, percent: 50 }]);
  });

  test('tells at most 101 times however small the chunks are', async () => {
    const list = await told(Array(5_000).fill(1), { totalBytes: 5_000 });
    expect(list).toHaveLength(100);
  });

  test('tells bytes alone where the whole is unknown', async () => {
    expect(await told([4, 4, 4, 1], { everyBytes: 8 })).toEqual([
      { bytes: 8, percent: undefined },
      { bytes: 13, percent: undefined },
    ]);
  });
});

describe('pipeline', () => {
  test('gives what the sink gives, and what went through', async () => {
    const everySecond = async function* (chunks: AsyncIterable<Uint8Array>) {
      let n = 0;
      for await (const chunk of chunks) if (n++ % 2 === 0) yield chunk;
    };
    let time = 0;
    const slowSource = async function* () {
      for (const length of [10, 20, 30]) {
        time += 70;
        yield new Uint8Array(length);
      }
      time += 90;
    };
    const slowSink = async (chunks: AsyncIterable<Uint8Array>) => {
      let sizeBytes = 0;
      for await (const chunk of chunks) {
        time += 100;
        sizeBytes += chunk.byteLength;
      }
      return sizeBytes;
    };
    const flowing = pipeline(slowSource(), [everySecond], slowSink, { now: () => time });
    expect(await flowing).toEqual({
      result: 40,
      statistics: {
        ...{ bytesIn: 60, bytesOut: 40, chunks: 2 },
        ...{ durationMs: 500, bytesPerSecond: 80, sourceMs: 300, sinkMs: 200 },
      },
    });
  });

  test.each(['fails', 'leaves early'])('a sink that %s cancels the source', async (how) => {
    const cancelled = Promise.withResolvers<unknown>();
    const flowing = pipeline(endless(cancelled.resolve), [], async (chunks) => {
      await chunks[Symbol.asyncIterator]().next();
      if (how === 'fails') throw new Error('full');
    });
    await (how === 'fails' ? expect(flowing).rejects.toThrow('full') : flowing);
    await cancelled.promise;
  });

  test('an abort reaches all of it', async () => {
    const abort = new AbortController();
    const flowing = pipeline(stuck(), [], drain, { signal: abort.signal });
    abort.abort(new Error('gone'));
    await expect(flowing).rejects.toThrow('gone');
  });

  test('all steps together hold a few chunks at most', async () => {
    let [given, passed, most] = [0, 0, 0];
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        most = Math.max(most, ++given - passed);
        if (given <= 500) controller.enqueue(new Uint8Array(1_000));
        else controller.close();
      },
    });
    const meter = createMeter();
    const steps = [
      (chunks: AsyncIterable<Uint8Array>) => limitBytes(chunks, 500_000),
      (chunks: AsyncIterable<Uint8Array>) => throttleBytes(chunks, 1e12),
      (chunks: AsyncIterable<Uint8Array>) => trackProgress(chunks, { onProgress: () => {} }),
      (chunks: AsyncIterable<Uint8Array>) => meter.through(chunks),
    ];
    await pipeline(source, steps, async (chunks) => {
      for await (const _ of chunks) {
        passed++;
        await Bun.sleep(0);
      }
    });
    expect(passed).toBe(500);
    expect(most).toBeLessThanOrEqual(3);
  });
});
