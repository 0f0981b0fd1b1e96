import { expect, test } from 'bun:test';
import { createByteMeter, limitBytes, pipeline, throttleBytes, trackProgress } from './index.ts';
import { countBytes, createSilentSource, createUnlimitedSource } from './test-sources.ts';

test('pipeline: returns the result of the sink and statistics', async () => {
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
  const running = pipeline(slowSource(), [everySecond], slowSink, { now: () => time });
  expect(await running).toEqual({
    result: 40,
    statistics: {
      bytesIn: 60,
      bytesOut: 40,
      chunks: 2,
      durationMs: 500,
      bytesPerSecond: 80,
      sourceWaitMs: 300,
      sinkWaitMs: 200,
    },
  });
});

test.each(['fails', 'returns early'])(
  'pipeline: a sink that %s cancels the source',
  async (how) => {
    const cancelled = Promise.withResolvers<unknown>();
    const running = pipeline(createUnlimitedSource(cancelled.resolve), [], async (chunks) => {
      await chunks[Symbol.asyncIterator]().next();
      if (how === 'fails') throw new Error('full');
    });
    await (how === 'fails' ? expect(running).rejects.toThrow('full') : running);
    await cancelled.promise;
  },
);

test('pipeline: an abort ends it', async () => {
  const abort = new AbortController();
  const running = pipeline(createSilentSource(), [], countBytes, { signal: abort.signal });
  abort.abort(new Error('aborted'));
  await expect(running).rejects.toThrow('aborted');
});

test('pipeline: all steps together buffer a few chunks at most', async () => {
  let [produced, consumed, maxBuffered] = [0, 0, 0];
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      maxBuffered = Math.max(maxBuffered, ++produced - consumed);
      if (produced <= 500) controller.enqueue(new Uint8Array(1_000));
      else controller.close();
    },
  });
  const meter = createByteMeter();
  const steps = [
    (chunks: AsyncIterable<Uint8Array>) => limitBytes(chunks, 500_000),
    (chunks: AsyncIterable<Uint8Array>) => throttleBytes(chunks, 1e12),
    (chunks: AsyncIterable<Uint8Array>) => trackProgress(chunks, { onProgress: () => {} }),
    (chunks: AsyncIterable<Uint8Array>) => meter.through(chunks),
  ];
  await pipeline(source, steps, async (chunks) => {
    for await (const _ of chunks) {
      consumed++;
      await Bun.sleep(0);
    }
  });
  expect(consumed).toBe(500);
  expect(maxBuffered).toBeLessThanOrEqual(3);
});
