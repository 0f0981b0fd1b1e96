/** Has `work` done when it is its owner's turn; undefined when too much of the owner's waits already. */
export type FairLine = <T>(owner: string, work: () => Promise<T>) => Promise<T> | undefined;

export interface FairLineOptions {
  /** How many are at work at a time. */
  concurrency: number;
  /** How many of one owner may wait. */
  mostWaiting: number;
}

/** A line in which owners take turns: who brings much waits for itself, not others for it. */
export function createFairLine({ concurrency, mostWaiting }: FairLineOptions): FairLine {
  // In the order of their turns.
  const waiting = new Map<string, (() => Promise<void>)[]>();
  let atWork = 0;

  function goOn(): void {
    for (const [owner, works] of waiting) {
      if (atWork >= concurrency) return;
      waiting.delete(owner);
      const begin = works.shift();
      if (works.length > 0) waiting.set(owner, works);
      if (!begin) continue;
      atWork++;
      void begin().finally(() => {
        atWork--;
        goOn();
      });
    }
  }

  return <T>(owner: string, work: () => Promise<T>) => {
    const works = waiting.get(owner) ?? [];
    if (works.length >= mostWaiting) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    works.push(async () => {
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      }
    });
    waiting.set(owner, works);
    goOn();
    return promise;
  };
}
