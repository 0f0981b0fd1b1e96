import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';
import { listenToBus } from './bus.ts';
import type { Cache, CacheSource } from './cache.ts';
import { createFlights } from './flights.ts';
import { checkName, type Keyspace, tagKey, valueKey } from './keys.ts';
import { createLoader } from './loader.ts';
import { createMemoryTier } from './memory-tier.ts';
import { createRemoteTier } from './remote-tier.ts';
import { createValues } from './values.ts';

export interface CacheOptions {
  valkey: Valkey;
  /** A connection of its own, for hearing of what others drop. */
  subscriber: Valkey;
  /** Told of trouble, once per second at most; the callers do not notice it. */
  onError: (error: unknown) => void;
  /** Memory for values in this process; 16 MiB. */
  maxBytes?: number;
  /** How long a copy in memory may be wrong when a message about it was lost; 10 s. */
  maxMemorySeconds?: number;
  /** How long after its expiry a value may stand in for one that cannot be loaded; 300 s. */
  graceSeconds?: number;
  /** What a call waits for Valkey at most; 500 ms. */
  timeoutMs?: number;
  /** How long Valkey is left alone after three failures in a row; 1 s. */
  restMs?: number;
  /** How long a load may take before another process tries too; 10 s. */
  loadTimeoutMs?: number;
}

const CHANNEL = 'cache-bus';

/** Builds the two tiers; it works, without sharing, while Valkey is away. */
export function createCache(options: CacheOptions): CacheSource {
  const { valkey, subscriber, timeoutMs = 500, restMs = 1_000 } = options;
  const onError = atTimes(options.onError);
  const graceMs = (options.graceSeconds ?? 300) * 1_000;
  const id = crypto.randomUUID();
  const memory = createMemoryTier({
    maxBytes: options.maxBytes ?? 16 * 2 ** 20,
    maxFreshMs: (options.maxMemorySeconds ?? 10) * 1_000,
    graceMs,
  });
  const remoteOptions = { valkey, channel: CHANNEL, graceMs, timeoutMs, restMs, onError };
  const remote = createRemoteTier(remoteOptions);
  const stats = { hits: 0, misses: 0, stale: 0 };
  const lockMs = options.loadTimeoutMs ?? 10_000;
  const fly = createLoader({ memory, remote, lockMs, onError });
  const flights = createFlights({ memory, stats, fly });
  const onDropped = (keys: Iterable<string>) => {
    for (const key of keys) {
      memory.drop(key);
      flights.drop(key);
    }
  };
  const onGap = () => {
    memory.doubtAll();
    flights.dropAll();
  };
  listenToBus({ subscriber, channel: CHANNEL, id, onDropped, onGap, onError });
  const values = createValues({ memory, remote, stats, onDropped, onGap, onError, id });

  function cacheAt(keyspace: Keyspace): Cache {
    const keyOf = (key: string) => valueKey(keyspace, key);
    const tagsOf = (tags: readonly string[] = []) => tags.map((tag) => tagKey(keyspace, tag));
    const getMultiple = async <T>(keys: readonly string[]) => {
      const texts = await values.get(keys.map(keyOf));
      const found = keys.flatMap((key, i): [string, T][] => {
        const text = texts[i];
        return text === undefined ? [] : [[key, JSON.parse(text)]];
      });
      return new Map(found);
    };
    const setMultiple: Cache['setMultiple'] = (entries, { ttlSeconds, tags }) =>
      values.set(
        new Map([...entries].map(([key, value]) => [keyOf(key), toText(value)])),
        tagsOf(tags),
        Math.round(ttlSeconds * 1_000),
      );
    const deleteMultiple = (keys: readonly string[]) => values.forget({ keys: keys.map(keyOf) });
    return {
      getMultiple,
      setMultiple,
      deleteMultiple,
      get: async <T>(key: string) => (await getMultiple<T>([key])).get(key),
      set: (key, value, setOptions) => setMultiple([[key, value]], setOptions),
      delete: (key) => deleteMultiple([key]),
      deleteByTag: (tag) => values.forget({ tags: tagsOf([tag]) }),
      memoize:
        (keyFor, load, { ttlSeconds, tags }) =>
        (...args) =>
          flights.resolve(keyOf(keyFor(...args)), {
            load: () => load(...args),
            ttlSeconds,
            tags: tagsOf(typeof tags === 'function' ? tags(...args) : tags),
          }),
      namespace: (name) => cacheAt({ ...keyspace, namespace: checkName(name) }),
    };
  }

  return {
    forTenant: (tenantId: Id<'org'>) => cacheAt({ owner: tenantId, namespace: 'main' }),
    forEveryone: () => cacheAt({ owner: 'all', namespace: 'main' }),
    getStats() {
      const asked = stats.hits + stats.misses + stats.stale;
      return { ...stats, size: memory.size, hitRatio: asked === 0 ? 0 : stats.hits / asked };
    },
  };
}

function toText(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError('JSON has no way to write this value');
  return text;
}

/** An outage repeats the same error at every call. */
function atTimes(onError: (error: unknown) => void): (error: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + 1_000;
    onError(error);
  };
}
