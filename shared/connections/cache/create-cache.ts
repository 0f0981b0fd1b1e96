import type { Id } from '@insightdesk/shared/contract';
import { throttleErrors, type Valkey } from '@insightdesk/shared/valkey';
import type { Cache, CacheSource, CacheStats } from './cache.ts';
import { createLoader } from './create-loader.ts';
import { createMemoryTier, type TieredValue } from './memory-tier.ts';
import { prefixOf } from './purge-tenant.ts';
import { createValkeyTier } from './valkey-tier.ts';

const defaults = {
  /** Memory for values in this process. */
  maxBytes: 16 * 2 ** 20,
  /** How long a copy in memory may be wrong when its invalidation was lost. */
  maxMemoryMs: 10_000,
  /** How long an expired value may replace one that cannot be loaded. */
  graceMs: 300_000,
  /** How long a call waits for Valkey. */
  timeoutMs: 500,
  /** How long Valkey is not called after three failures in a row. */
  restMs: 1_000,
  /** How long a load may take before another process tries too. */
  lockMs: 10_000,
};

export interface CacheOptions extends Partial<typeof defaults> {
  valkey: Valkey;
  /** A connection of its own, for invalidations of other processes. */
  subscriber: Valkey;
  /** Receives an error per second at most; callers of the cache get none. */
  onError: (error: unknown) => void;
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** Builds the two tiers; without Valkey they work for this process alone. */
export function createCache(options: CacheOptions): CacheSource {
  const onError = throttleErrors(options.onError);
  const settings = { ...defaults, ...options, onError };
  const memory = createMemoryTier(settings);
  const remote = createValkeyTier(settings, memory);
  const stats = { hits: 0, misses: 0, stale: 0 };
  const resolve = createLoader({ memory, remote, stats, onError });

  async function get<T>(key: string): Promise<T | undefined> {
    let value = memory.get(key);
    if (!value || value.leftMs <= 0) {
      const version = memory.version();
      value = (await remote.get(key).catch(onError)) ?? undefined;
      if (value) memory.set(key, value, version);
    }
    const isFresh = value !== undefined && value.leftMs > 0;
    stats[isFresh ? 'hits' : 'misses']++;
    return value && isFresh ? JSON.parse(value.text) : undefined;
  }

  async function set(key: string, value: TieredValue): Promise<void> {
    // Loads in progress have an older value.
    memory.invalidate([key]);
    const version = memory.version();
    await remote.set(key, value).catch((error) => {
      onError(error);
      return remote.delete([key]);
    });
    memory.set(key, value, version);
  }

  async function remove(names: readonly string[]): Promise<void> {
    await remote.delete(names);
    memory.invalidate(names);
  }

  function cacheOf(tenantId: Id<'org'>, namespace: string): Cache {
    const prefix = `${prefixOf(tenantId)}value:${requireName(namespace)}:`;
    const tagKey = (tag: string) => `${prefixOf(tenantId)}tag:${requireName(tag)}`;
    const cache: Cache = {
      get: (key) => get(prefix + key),
      set: (key, value, { ttlSeconds, tags = [] }) =>
        set(prefix + key, {
          text: toText(value),
          tags: tags.map(tagKey),
          leftMs: Math.round(ttlSeconds * 1_000),
        }),
      delete: (key) => remove([prefix + key]),
      async getMultiple<T>(keys: readonly string[]) {
        const values = await Promise.all(keys.map((key) => cache.get<T>(key)));
        const entries = keys.map((key, i) => [key, values[i] as T] as const);
        return new Map(entries.filter(([, value]) => value !== undefined));
      },
      async setMultiple(entries, setOptions) {
        await Promise.all(Array.from(entries, ([key, value]) => cache.set(key, value, setOptions)));
      },
      deleteMultiple: (keys) => remove(keys.map((key) => prefix + key)),
      deleteByTag: (tag) => remove([tagKey(tag)]),
      memoize:
        (keyOf, load, { ttlSeconds, tags = [] }) =>
        (...args) =>
          resolve({
            key: prefix + keyOf(...args),
            tags: (typeof tags === 'function' ? tags(...args) : tags).map(tagKey),
            load: () => load(...args),
            ttlSeconds,
          }),
      namespace: (name) => cacheOf(tenantId, name),
    };
    return cache;
  }

  return {
    forTenant: (tenantId) => cacheOf(tenantId, 'main'),
    getCached: (tenantId, key) => cacheOf(tenantId, 'main').get(key),
    setCached: (tenantId, key, value, ttlSeconds) =>
      cacheOf(tenantId, 'main').set(key, value, { ttlSeconds }),
    getStats: () => ({ ...stats, size: memory.size(), hitRatio: hitRatioOf(stats) }),
  };
}

function hitRatioOf({ hits, misses, stale }: Pick<CacheStats, 'hits' | 'misses' | 'stale'>) {
  const reads = hits + misses + stale;
  return reads === 0 ? 0 : hits / reads;
}

/** Names have no separators, so that keys are unambiguous. */
function requireName(name: string): string {
  if (!NAME.test(name)) throw new RangeError(`Not a name for a namespace or tag: ${name}`);
  return name;
}

function toText(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError('The value has no JSON form');
  return text;
}
