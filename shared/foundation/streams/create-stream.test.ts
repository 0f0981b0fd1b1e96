import { expect, test } from 'bun:test';
import { createStream } from './index.ts';
import { bytes, endless, pieces, stuck } from './test-sources.ts';

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
