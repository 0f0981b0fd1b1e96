import type { Id } from '@insightdesk/shared/contract';

export interface SetOptions {
  /** Seconds for which the value is fresh, in both tiers. */
  ttlSeconds: number;
  /** Names by which it is deleted together with other values of the tenant. */
  tags?: readonly string[];
}

export interface MemoizeOptions<T, A extends unknown[]> {
  /** Seconds, also from the result and the time that `load` took; a result with 0 is not stored. */
  ttlSeconds: number | ((value: T, executionMs: number) => number);
  tags?: readonly string[] | ((...args: A) => readonly string[]);
}

/**
 * Cached values of one tenant. Values are JSON: every read returns a copy of what JSON retains. No
 * method throws or waits long because Valkey is unavailable.
 */
export interface Cache {
  /** The value while it is fresh, or undefined. */
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown, options: SetOptions): Promise<void>;
  delete(key: string): Promise<void>;
  /** The fresh values among `keys`. */
  getMultiple<T>(keys: readonly string[]): Promise<Map<string, T>>;
  setMultiple(entries: Iterable<[key: string, value: unknown]>, options: SetOptions): Promise<void>;
  deleteMultiple(keys: readonly string[]): Promise<void>;
  /** Deletes all values with the tag, in every namespace, and discards loads in progress. */
  deleteByTag(tag: string): Promise<void>;
  /**
   * `load` behind the cache: runs once for all callers of all processes; its result is not stored when
   * the key was deleted meanwhile. It must read committed data, never the open transaction. When it
   * fails with a retryable error, a recently expired value is returned. `undefined` is not stored.
   */
  memoize<A extends unknown[], T>(
    keyOf: (...args: A) => string,
    load: (...args: A) => Promise<T>,
    options: MemoizeOptions<T, A>,
  ): (...args: A) => Promise<T>;
  /** The tenant's values below a name of their own. */
  namespace(name: string): Cache;
}

export interface CacheStats {
  hits: number;
  misses: number;
  /** Reads that returned an expired value because loading failed. */
  stale: number;
  /** Values in the memory of this process. */
  size: number;
  /** Share of hits, from 0 to 1. */
  hitRatio: number;
}

export interface CacheSource {
  forTenant(tenantId: Id<'org'>): Cache;
  /** A value of the organization that `setCached` stored, while it is fresh. */
  getCached<T>(tenantId: Id<'org'>, key: string): Promise<T | undefined>;
  /** Stores a value of the organization for this many seconds, for all processes. */
  setCached(tenantId: Id<'org'>, key: string, value: unknown, ttlSeconds: number): Promise<void>;
  /** Counts of this process since its start. */
  getStats(): CacheStats;
}
