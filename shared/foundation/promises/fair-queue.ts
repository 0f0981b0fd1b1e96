/** Runs `work` when it is its owner's turn; undefined when the owner has too much waiting already. */
export type FairQueue = <T>(owner: string, work: () => Promise<T>) => Promise<T> | undefined;

export interface FairQueueOptions {
  /** Maximum number of running calls. */
  concurrency: number;
  /** Maximum number of waiting calls of one owner. */
  maxWaiting: number;
}

/** A queue in which owners take turns: a busy owner delays its own calls, not those of others. */
export function createFairQueue({ concurrency, maxWaiting }: FairQueueOptions): FairQueue {
  // In the order of their turns.
  const waiting = new Map<string, (() => Promise<void>)[]>();
  let running = 0;

  function startNext(): void {
    for (const [owner, calls] of waiting) {
      if (running >= concurrency) return;
      waiting.delete(owner);
      const start = calls.shift();
      if (calls.length > 0) waiting.set(owner, calls);
      if (!start) continue;
      running++;
      void start().finally(() => {
        running--;
        startNext();
      });
    }
  }

  return <T>(owner: string, work: () => Promise<T>) => {
    const calls = waiting.get(owner) ?? [];
    if (calls.length >= maxWaiting) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    calls.push(async () => {
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      }
    });
    waiting.set(owner, calls);
    startNext();
    return promise;
  };
}
