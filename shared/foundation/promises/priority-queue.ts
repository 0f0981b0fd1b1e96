/** Items in the order of their priority, the oldest first among equals. */
export function createPriorityQueue<T>() {
  const itemsByPriority = new Map<number, T[]>();
  let count = 0;

  const priorities = () => [...itemsByPriority.keys()].sort((a, b) => b - a);
  const takeFrom = (priority: number, max: number): T[] => {
    const items = itemsByPriority.get(priority) ?? [];
    const taken = items.splice(0, max);
    if (items.length === 0) itemsByPriority.delete(priority);
    count -= taken.length;
    return taken;
  };

  return {
    get count() {
      return count;
    },
    get lowestPriority() {
      return Math.min(...itemsByPriority.keys());
    },
    add(item: T, priority: number) {
      const items = itemsByPriority.get(priority);
      if (items) items.push(item);
      else itemsByPriority.set(priority, [item]);
      count++;
    },
    /** Up to `max` items, the highest priority first. */
    take(max: number): T[] {
      const taken: T[] = [];
      for (const priority of priorities()) {
        if (taken.length >= max) break;
        taken.push(...takeFrom(priority, max - taken.length));
      }
      return taken;
    },
    /** The oldest item of the lowest priority. */
    dropOne: (): T[] => takeFrom(Math.min(...itemsByPriority.keys()), 1),
  };
}
