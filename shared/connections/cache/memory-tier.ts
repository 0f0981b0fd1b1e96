import { LRUCache } from 'lru-cache';

/** A value with its tags; `leftMs` is its freshness, 0 or less once it has expired. */
export interface TieredValue {
  text: string;
  tags: readonly string[];
  leftMs: number;
}

interface Entry extends Omit<TieredValue, 'leftMs'> {
  freshUntil: number;
  version: number;
}

interface MemoryTierOptions {
  maxBytes: number;
  maxMemoryMs: number;
  graceMs: number;
}

const ENTRY_BYTES = 200;
const MAX_INVALIDATIONS = 10_000;

/** The copies of this process, bounded in bytes and age. */
export function createMemoryTier({ maxBytes, maxMemoryMs, graceMs }: MemoryTierOptions) {
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    ttl: maxMemoryMs + graceMs,
    sizeCalculation: ({ text }, key) => ENTRY_BYTES + 2 * (text.length + key.length),
  });
  /** The latest invalidation of each key and tag, oldest first. */
  const invalidations = new Map<string, number>();
  let version = 0;
  let allInvalidUntil = 0;

  const isValid = (names: readonly string[], since: number) =>
    since >= allInvalidUntil && names.every((name) => (invalidations.get(name) ?? 0) <= since);

  return {
    size: () => entries.size,
    /** Rises with every invalidation: take it before a value is read, and store the value with it. */
    version: () => version,
    /** Whether none of these keys and tags was invalidated since that version. */
    isValid,
    /** The value unless it was invalidated. */
    get(key: string): TieredValue | undefined {
      const entry = entries.get(key);
      if (!entry || !isValid([key, ...entry.tags], entry.version)) return undefined;
      return { ...entry, leftMs: entry.freshUntil - performance.now() };
    },
    set(key: string, { text, tags, leftMs }: TieredValue, since: number): void {
      const freshMs = Math.min(leftMs, maxMemoryMs);
      const freshUntil = performance.now() + freshMs;
      const ttl = Math.max(1, freshMs + graceMs);
      entries.set(key, { text, tags, freshUntil, version: since }, { ttl });
    },
    invalidate(names: Iterable<string>): void {
      version++;
      for (const name of names) {
        invalidations.delete(name);
        invalidations.set(name, version);
      }
      for (const [oldest, since] of invalidations) {
        if (invalidations.size <= MAX_INVALIDATIONS) break;
        invalidations.delete(oldest);
        allInvalidUntil = since;
      }
    },
    /** Messages about invalidations may have been lost. */
    invalidateAll(): void {
      allInvalidUntil = ++version;
      invalidations.clear();
    },
  };
}

export type MemoryTier = ReturnType<typeof createMemoryTier>;
