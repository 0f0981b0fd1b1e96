import type { Id } from '@insightdesk/shared/contract';

export interface SetOptions {
  /** Seconds for which the value is fresh, in both tiers. */
  ttlSeconds: number;
  /** Names by which it can be dropped together with others of the same tenant. */
  tags?: readonly string[];
}

export interface MemoizeOptions<T, A extends unknown[]> {
  /** Seconds, also from the result; 0 keeps it from being stored. */
  ttlSeconds: number | ((value: T) => number);
  tags?: readonly string[] | ((...args: A) => readonly string[]);
}

/**
 * Values of one tenant, or of nobody's. A value is JSON: what comes out is a copy of what JSON keeps,
 * also the first time. Nothing here throws or waits long because Valkey is away.
 */
export interface Cache {
  /** The value while it is fresh, or undefined. */
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown, options: SetOptions): Promise<void>;
  delete(key: string): Promise<void>;
  /** What is fresh among `keys`, in one round trip. */
  getMultiple<T>(keys: readonly string[]): Promise<Map<string, T>>;
  setMultiple(entries: Iterable<[key: string, value: unknown]>, options: SetOptions): Promise<void>;
  deleteMultiple(keys: readonly string[]): Promise<void>;
  /** Drops whatever carries the tag, in every namespace, and what is being loaded under it. */
  deleteByTag(tag: string): Promise<void>;
  /**
   * `load` behind the cache: run once for all callers of all processes, and not stored when the key
   * was deleted meanwhile. It must read what is committed, never the open transaction. When it fails
   * for a passing reason, a value that has expired not long ago is given. `undefined` is not stored.
   */
  memoize<A extends unknown[], T>(
    keyOf: (...args: A) => string,
    load: (...args: A) => Promise<T>,
    options: MemoizeOptions<T, A>,
  ): (...args: A) => Promise<T>;
  /** The same tenant's values under a name of their own. */
  namespace(name: string): Cache;
}

export interface CacheStats {
  hits: number;
  misses: number;
  /** Answers with an expired value because there was no other. */
  stale: number;
  /** Values in this process's memory. */
  size: number;
  /** Share of hits, from 0 to 1. */
  hitRatio: number;
}

/** Gives out caches; there is none without saying whose. */
export interface CacheSource {
  forTenant(tenantId: Id<'org'>): Cache;
  /** For what is the same for every tenant. */
  forEveryone(): Cache;
  /** Figures of this process since its start. */
  getStats(): CacheStats;
}
