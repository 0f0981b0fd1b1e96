import { type ByteSource, cancelSource, readChunks } from './read-chunks.ts';

/**
 * A web stream that reads its source on demand, such as for a `Response`. Cancelling it cancels the
 * source, also during a pending read.
 */
export function createStream(source: ByteSource, signal?: AbortSignal): ReadableStream<Uint8Array> {
  const controller = new AbortController();
  const combined = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
  const chunks = readChunks(source, combined);
  let isStarted = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        isStarted = true;
        const { done, value } = await chunks.next();
        if (done) stream.close();
        else stream.enqueue(value);
      },
      cancel(reason) {
        controller.abort(reason);
        if (!isStarted) cancelSource(source, reason);
      },
    },
    { highWaterMark: 0 },
  );
}
