import { expect, test } from 'bun:test';
import { createStream } from './index.ts';
import {
  createChunks,
  createSilentSource,
  createUnlimitedSource,
  toBytes,
} from './test-sources.ts';

test('createStream: yields the chunks of its source, also to a Response', async () => {
  expect(await new Response(createStream(createChunks(3, 0, 4))).bytes()).toEqual(
    new Uint8Array(7),
  );
  expect(await new Response(createStream(toBytes('hello'))).text()).toBe('hello');
});

test('createStream: reads nothing before it is read', async () => {
  let pulls = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls++;
        controller.enqueue(toBytes('x'));
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

test('createStream: passes the error of its source', async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error('disk')) });
  await expect(new Response(createStream(broken)).bytes()).rejects.toThrow('disk');
});

test.each(['before the first read', 'after a read', 'during a pending read'])(
  'createStream: a cancellation %s cancels the source',
  async (when) => {
    const cancelled = Promise.withResolvers<unknown>();
    const source = when.includes('pending')
      ? new ReadableStream<Uint8Array>({ cancel: cancelled.resolve })
      : createUnlimitedSource(cancelled.resolve);
    const reader = createStream(source).getReader();
    if (when.startsWith('after')) await reader.read();
    const pending = when.includes('pending') ? reader.read() : undefined;
    await reader.cancel(new Error('enough'));
    expect(await cancelled.promise).toEqual(new Error('enough'));
    await pending;
  },
);

test('createStream: an abort ends a pending read', async () => {
  const abort = new AbortController();
  const reading = new Response(createStream(createSilentSource(), abort.signal)).bytes();
  abort.abort(new Error('aborted'));
  await expect(reading).rejects.toThrow('aborted');
});
