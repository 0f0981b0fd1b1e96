import { isRetryable } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import type { Arrival, MemoryTier } from './memory-tier.ts';
import type { RemoteTier } from './remote-tier.ts';

interface LoaderOptions {
  memory: MemoryTier;
  remote: RemoteTier;
  lockMs: number;
  onError: (error: unknown) => void;
}

/** What to do when a value is missing. */
export interface Loading {
  load: () => Promise<unknown>;
  // A method's parameter, so that a function of any result fits.
  ttlSeconds: number | ((value: never) => number);
  tags: readonly string[];
}

/** An answer, and what it counts as. */
export interface Answer {
  text: string | undefined;
  from: 'hits' | 'misses' | 'stale';
}

/** Loads what is in neither tier, by one process at a time; `held` is what had expired. */
export function createLoader({ memory, remote, lockMs, onError }: LoaderOptions) {
  async function fly(
    key: string,
    loading: Loading,
    arrival: Arrival,
    held: string | undefined,
  ): Promise<Answer> {
    const token = crypto.randomUUID();
    let stale = held;
    let isOurs = false;
    try {
      const found = await waitForTurn(remote, key, loading.tags, token, lockMs);
      if (found.text !== null && found.leftMs > 0) {
        memory.store(key, arrival, found.text, found.leftMs);
        return { text: found.text, from: 'hits' };
      }
      stale = found.text ?? stale;
      isOurs = found.isOurs;
    } catch (error) {
      onError(error);
      return loadAlone(key, loading, arrival, stale);
    }
    if (!isOurs) return loadAlone(key, loading, arrival, stale);
    return loadForAll(key, loading, { arrival, stale, token });
  }

  /** Holding the lock. */
  async function loadForAll(
    key: string,
    loading: Loading,
    { arrival, stale, token }: { arrival: Arrival; stale: string | undefined; token: string },
  ): Promise<Answer> {
    let ttlMs = 0;
    let text: string | undefined;
    try {
      ({ text, ttlMs } = await load(loading));
    } catch (error) {
      await fill(key, loading.tags, token, '', 0);
      return giveStale(error, stale);
    }
    const isStored = await fill(key, loading.tags, token, text ?? '', ttlMs);
    if (isStored && text !== undefined) memory.store(key, arrival, text, ttlMs);
    return { text, from: 'misses' };
  }

  /** False when the value must not be kept; a Valkey that went away keeps nobody from it. */
  async function fill(...args: Parameters<RemoteTier['fill']>): Promise<boolean> {
    try {
      return await remote.fill(...args);
    } catch (error) {
      onError(error);
      return args[4] > 0;
    }
  }

  /** Without Valkey: every process for itself. */
  async function loadAlone(
    key: string,
    loading: Loading,
    arrival: Arrival,
    stale: string | undefined,
  ): Promise<Answer> {
    try {
      const { text, ttlMs } = await load(loading);
      if (text !== undefined && ttlMs > 0) memory.store(key, arrival, text, ttlMs);
      return { text, from: 'misses' };
    } catch (error) {
      return giveStale(error, stale);
    }
  }

  function giveStale(error: unknown, stale: string | undefined): Answer {
    if (stale === undefined || !isRetryable(error)) throw error;
    onError(error);
    return { text: stale, from: 'stale' };
  }

  return fly;
}

/** Returns when the value is there, when it is ours to load, or when we have waited enough. */
async function waitForTurn(remote: RemoteTier, ...asked: Parameters<RemoteTier['look']>) {
  const [, , , lockMs] = asked;
  const giveUpAt = performance.now() + lockMs;
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 100)) {
    const found = await remote.look(...asked);
    const isFresh = found.text !== null && found.leftMs > 0;
    if (isFresh || found.isOurs || performance.now() > giveUpAt) return found;
    await sleep(waitMs * (0.5 + Math.random() / 2));
  }
}

async function load({ load, ttlSeconds }: Loading) {
  const value = await load();
  const text = JSON.stringify(value);
  if (text === undefined) return { text, ttlMs: 0 };
  const seconds = typeof ttlSeconds === 'number' ? ttlSeconds : ttlSeconds(value as never);
  return { text, ttlMs: Math.max(0, Math.round(seconds * 1_000)) };
}
