import { type Deferred, deferred } from './deferred.ts';

/** Collects single calls and answers them together. */
export interface Batch<I, O> {
  /** Joins the next batch; resolves to this item's own result. */
  add(item: I): Promise<O>;
  /** Sends what has been collected so far. */
  flush(): Promise<void>;
}

/** Runs `work` on up to `size` items at once, at most `waitMs` after the first of them came. */
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
      if (results.length !== taken.length) throw new Error('One result per item is needed');
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
