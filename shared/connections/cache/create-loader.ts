import { isRetryable } from '@insightdesk/shared/errors';
import type { MemoryTier, TieredValue } from './memory-tier.ts';
import type { LoadLock, ValkeyTier } from './valkey-tier.ts';

interface LoaderOptions {
  memory: MemoryTier;
  remote: ValkeyTier;
  stats: { hits: number; misses: number; stale: number };
  onError: (error: unknown) => void;
}

interface LoadRequest<T> {
  key: string;
  tags: readonly string[];
  load: () => Promise<T>;
  ttlSeconds: number | ((value: T, executionMs: number) => number);
}

interface LoadResult {
  text: string | undefined;
  outcome: 'hits' | 'misses' | 'stale';
}

/** Resolves memoized values with one load per key at a time, in this process and across processes. */
export function createLoader({ memory, remote, stats, onError }: LoaderOptions) {
  const loads = new Map<string, { version: number; result: Promise<LoadResult> }>();

  return async function resolve<T>(request: LoadRequest<T>): Promise<T> {
    const { key, tags } = request;
    const cached = memory.get(key);
    let load = loads.get(key);
    if (cached && cached.leftMs > 0) {
      load = { version: 0, result: Promise.resolve({ text: cached.text, outcome: 'hits' }) };
    } else if (!load || !memory.isValid([key, ...tags], load.version)) {
      load = start(request, cached);
    }
    const { text, outcome } = await load.result;
    stats[outcome]++;
    return text === undefined ? (undefined as T) : JSON.parse(text);
  };

  function start<T>(request: LoadRequest<T>, expired: TieredValue | undefined) {
    const { key } = request;
    const version = memory.version();
    const result = loadOnce(request, expired, version).finally(() => {
      if (loads.get(key) === load) loads.delete(key);
    });
    const load = { version, result };
    loads.set(key, load);
    return load;
  }

  async function loadOnce<T>(
    { key, tags, load, ttlSeconds }: LoadRequest<T>,
    expired: TieredValue | undefined,
    version: number,
  ): Promise<LoadResult> {
    // Without Valkey there is no lock, and every process loads for itself.
    const { value = expired, lock } = (await remote.getOrLock(key, tags).catch(onError)) ?? {};
    if (value && value.leftMs > 0) {
      memory.set(key, value, version);
      return { text: value.text, outcome: 'hits' };
    }
    let loaded: T;
    const startedAt = performance.now();
    try {
      loaded = await load();
    } catch (error) {
      await store(key, { text: '', tags, leftMs: 0 }, lock);
      if (!value || !isRetryable(error)) throw error;
      onError(error);
      return { text: value.text, outcome: 'stale' };
    }
    const text: string | undefined = JSON.stringify(loaded);
    const seconds =
      typeof ttlSeconds === 'number'
        ? ttlSeconds
        : ttlSeconds(loaded, performance.now() - startedAt);
    const leftMs = text === undefined ? 0 : Math.max(0, Math.round(seconds * 1_000));
    const fresh = { text: text ?? '', tags, leftMs };
    if (await store(key, fresh, lock)) memory.set(key, fresh, version);
    return { text, outcome: 'misses' };
  }

  /** Stores in Valkey and releases the lock; false when the value must not be stored in memory either. */
  async function store(key: string, value: TieredValue, lock?: LoadLock): Promise<boolean> {
    const isStored = lock && (await remote.set(key, value, lock).catch(onError));
    return isStored ?? value.leftMs > 0;
  }
}
