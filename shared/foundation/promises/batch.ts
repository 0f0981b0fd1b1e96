import { type Deferred, deferred } from './deferred.ts';

/** Collects single calls into one call of `work`. */
export interface Batch<I, O> {
  /** Adds an item to the next batch; resolves to the item's own result. */
  add(item: I): Promise<O>;
  /** Sends the collected items now. */
  flush(): Promise<void>;
}

/** Runs `work` on up to `size` items, at most `waitMs` after the first was added. */
export function batch<I, O>(
  work: (items: I[]) => Promise<O[]>,
  { size, waitMs }: { size: number; waitMs: number },
): Batch<I, O> {
  let waiting: { item: I; result: Deferred<O> }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    const taken = waiting;
    waiting = [];
    if (taken.length === 0) return;
    try {
      const results = await work(taken.map(({ item }) => item));
      if (results.length !== taken.length)
        throw new Error(`${taken.length} items got ${results.length} results`);
      taken.forEach(({ result }, i) => {
        result.resolve(results[i] as O);
      });
    } catch (error) {
      for (const { result } of taken) result.reject(error);
    }
  }

  return {
    flush,
    add(item) {
      const result = deferred<O>();
      waiting.push({ item, result });
      if (waiting.length >= size) void flush();
      else if (waiting.length === 1) timer = setTimeout(() => void flush(), waitMs);
      return result.promise;
    },
  };
}
