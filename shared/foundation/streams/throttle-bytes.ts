import { sleep } from '@insightdesk/shared/promises';

interface Clock {
  /** Milliseconds from any beginning. */
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

const PIECES_PER_SECOND = 20;
/** What a late timer lost is made up for, up to this. */
const BEHIND_MS = 100;
const realClock: Clock = { now: () => performance.now(), wait: sleep };

/** Passes at most `bytesPerSecond` on, in small pieces, without keeping more than one chunk. */
export async function* throttleBytes(
  chunks: AsyncIterable<Uint8Array>,
  bytesPerSecond: number,
  { signal, clock = realClock }: { signal?: AbortSignal; clock?: Clock } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(bytesPerSecond > 0)) throw new RangeError('Bytes per second have to be more than 0');
  const pieceBytes = Math.ceil(bytesPerSecond / PIECES_PER_SECOND);
  let freeAt = clock.now();
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      const earlyMs = freeAt - clock.now();
      if (earlyMs > 0) await clock.wait(earlyMs, signal);
      freeAt = Math.max(freeAt, clock.now() - BEHIND_MS);
      freeAt += (piece.byteLength / bytesPerSecond) * 1000;
      yield piece;
    }
  }
}
