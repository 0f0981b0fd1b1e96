/** Items in the order of their priority, the oldest first among equals. */
export function createLanes<T>() {
  const lanes = new Map<number, T[]>();
  let count = 0;

  const priorities = () => [...lanes.keys()].sort((a, b) => b - a);
  const removeFrom = (priority: number, wanted: number): T[] => {
    const lane = lanes.get(priority) ?? [];
    const taken = lane.splice(0, wanted);
    if (lane.length === 0) lanes.delete(priority);
    count -= taken.length;
    return taken;
  };

  return {
    get count() {
      return count;
    },
    get lowest() {
      return Math.min(...lanes.keys());
    },
    add(item: T, priority: number) {
      const lane = lanes.get(priority);
      if (lane) lane.push(item);
      else lanes.set(priority, [item]);
      count++;
    },
    /** Up to `wanted` items, the most urgent first. */
    take(wanted: number): T[] {
      const taken: T[] = [];
      for (const priority of priorities()) {
        if (taken.length >= wanted) break;
        taken.push(...removeFrom(priority, wanted - taken.length));
      }
      return taken;
    },
    /** The oldest of the least urgent. */
    drop: (): T[] => removeFrom(Math.min(...lanes.keys()), 1),
  };
}
