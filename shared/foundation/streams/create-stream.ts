import { type ByteSource, cancelSource, readChunks } from './read-chunks.ts';

/**
 * A web stream of a source that reads only as it is asked, for a `Response` or whoever wants one.
 * Cancelling it cancels the source, also while that is silent.
 */
export function createStream(source: ByteSource, signal?: AbortSignal): ReadableStream<Uint8Array> {
  const cancelled = new AbortController();
  const either = signal ? AbortSignal.any([signal, cancelled.signal]) : cancelled.signal;
  const chunks = readChunks(source, either);
  let isBegun = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        isBegun = true;
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel(reason) {
        cancelled.abort(reason);
        if (!isBegun) cancelSource(source, reason);
      },
    },
    { highWaterMark: 0 },
  );
}
