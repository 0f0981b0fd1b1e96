import { sleep } from '@insightdesk/shared/promises';

interface Clock {
  /** Milliseconds since any point in time. */
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

const PARTS_PER_SECOND = 20;
/** Maximum delay of a late timer that is caught up. */
const MAX_CATCH_UP_MS = 100;
const realClock: Clock = { now: () => performance.now(), wait: sleep };

/** Passes at most `bytesPerSecond`, in small parts, and buffers one chunk at most. */
export async function* throttleBytes(
  chunks: AsyncIterable<Uint8Array>,
  bytesPerSecond: number,
  { signal, clock = realClock }: { signal?: AbortSignal; clock?: Clock } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(bytesPerSecond > 0)) throw new RangeError('bytesPerSecond must be greater than 0');
  const partBytes = Math.ceil(bytesPerSecond / PARTS_PER_SECOND);
  let nextAt = clock.now();
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += partBytes) {
      const part = chunk.subarray(at, at + partBytes);
      const waitMs = nextAt - clock.now();
      if (waitMs > 0) await clock.wait(waitMs, signal);
      nextAt = Math.max(nextAt, clock.now() - MAX_CATCH_UP_MS);
      nextAt += (part.byteLength / bytesPerSecond) * 1000;
      yield part;
    }
  }
}
