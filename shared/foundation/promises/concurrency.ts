import pLimit from 'p-limit';

/** A door through which at most `limit` calls are at a time; the others wait in order. */
export function limitConcurrency(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const door = pLimit(limit);
  return (work) => door(work);
}

/**
 * Maps with at most `limit` calls under way; results in order. The first failure rejects, and
 * nothing is begun after it.
 */
export function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const door = pLimit(limit);
  const begin = async (item: T, index: number) => {
    try {
      return await work(item, index);
    } catch (error) {
      door.clearQueue();
      throw error;
    }
  };
  return Promise.all(items.map((item, index) => door(begin, item, index)));
}
