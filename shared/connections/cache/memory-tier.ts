import { LRUCache } from 'lru-cache';

/** A value as this process holds it. */
export interface Held {
  text: string;
  isFresh: boolean;
}

/** A value on its way into memory; void when the key was dropped meanwhile. */
export interface Arrival {
  isVoid: boolean;
}

export interface MemoryTierOptions {
  maxBytes: number;
  /** Fresh at most so long: the bound for a drop that was never heard of. */
  maxFreshMs: number;
  /** How long after that it may be given when there is nothing else. */
  graceMs: number;
}

const ENTRY_BYTES = 200;

/** The process's own copies, bounded in bytes and age. */
export function createMemoryTier({ maxBytes, maxFreshMs, graceMs }: MemoryTierOptions) {
  const arrivals = new Map<string, Set<Arrival>>();
  const entries = new LRUCache<string, { text: string; freshUntil: number; era: number }>({
    maxSize: maxBytes,
    ttl: maxFreshMs + graceMs,
    sizeCalculation: ({ text }, key) => ENTRY_BYTES + 2 * (text.length + key.length),
  });
  let era = 0;

  const finish = (key: string, arrival: Arrival) => {
    const all = arrivals.get(key);
    if (all?.delete(arrival) && all.size === 0) arrivals.delete(key);
  };

  return {
    get size() {
      return entries.size;
    },
    get(key: string): Held | undefined {
      const entry = entries.get(key);
      if (!entry) return undefined;
      const isFresh = entry.era === era && entry.freshUntil > performance.now();
      return { text: entry.text, isFresh };
    },
    /** Announces a value before it is asked for; finish it in any case. */
    expect(key: string): Arrival {
      const arrival = { isVoid: false };
      arrivals.set(key, (arrivals.get(key) ?? new Set()).add(arrival));
      return arrival;
    },
    finish,
    store(key: string, arrival: Arrival, text: string, leftMs: number) {
      if (arrival.isVoid) return;
      const freshMs = Math.min(leftMs, maxFreshMs);
      const ttl = Math.max(1, freshMs + graceMs);
      entries.set(key, { text, freshUntil: performance.now() + freshMs, era }, { ttl });
    },
    drop(key: string) {
      entries.delete(key);
      for (const arrival of arrivals.get(key) ?? []) arrival.isVoid = true;
    },
    /** Drops may have been missed: nothing here counts as fresh any more. */
    doubtAll() {
      era++;
      for (const all of arrivals.values()) for (const arrival of all) arrival.isVoid = true;
    },
  };
}

export type MemoryTier = ReturnType<typeof createMemoryTier>;
