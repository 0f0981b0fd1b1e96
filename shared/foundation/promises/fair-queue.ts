/** Runs `work` when it is its owner's turn; undefined when the owner has too much waiting already. */
export type FairQueue = <T>(
  owner: string,
  work: () => Promise<T>,
  /** Bytes that the call takes while it runs. */
  bytes?: number,
) => Promise<T> | undefined;

export interface FairQueueOptions {
  /** Maximum number of running calls. */
  concurrency: number;
  /** Maximum number of waiting calls of one owner. */
  maxWaiting: number;
  /** Maximum bytes of all running calls; a larger call runs alone. Unlimited by default. */
  maxBytes?: number;
}

interface Call {
  start(): Promise<void>;
  bytes: number;
}

/** A queue in which owners take turns: a busy owner delays its own calls, not those of others. */
export function createFairQueue({
  concurrency,
  maxWaiting,
  maxBytes = Number.POSITIVE_INFINITY,
}: FairQueueOptions): FairQueue {
  // In the order of their turns.
  const waiting = new Map<string, Call[]>();
  let running = 0;
  let runningBytes = 0;

  const fits = ({ bytes }: Call) =>
    running < concurrency && (running === 0 || runningBytes + bytes <= maxBytes);

  function startNext(): void {
    for (const [owner, calls] of waiting) {
      const [call] = calls;
      // No later call overtakes one that does not fit: a large one would wait forever.
      if (!call || !fits(call)) return;
      waiting.delete(owner);
      calls.shift();
      if (calls.length > 0) waiting.set(owner, calls);
      running++;
      runningBytes += call.bytes;
      void call.start().finally(() => {
        running--;
        runningBytes -= call.bytes;
        startNext();
      });
    }
  }

  return <T>(owner: string, work: () => Promise<T>, bytes = 0) => {
    const calls = waiting.get(owner) ?? [];
    if (calls.length >= maxWaiting) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const start = () => Promise.try(work).then(resolve, reject);
    calls.push({ start, bytes });
    waiting.set(owner, calls);
    startNext();
    return promise;
  };
}
