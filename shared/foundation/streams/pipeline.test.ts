import { expect, test } from 'bun:test';
import { createMeter, limitBytes, pipeline, throttleBytes, trackProgress } from './index.ts';
import { drain, endless, stuck } from './test-sources.ts';

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
      bytesIn: 60,
      bytesOut: 40,
      chunks: 2,
      durationMs: 500,
      bytesPerSecond: 80,
      sourceMs: 300,
      sinkMs: 200,
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
