import { UnavailableError } from '@insightdesk/shared/errors';
import { createCircuitBreaker, sleep, withTimeout } from '@insightdesk/shared/promises';
import type { Valkey } from '@insightdesk/shared/valkey';
import type { MemoryTier, TieredValue } from './memory-tier.ts';
import * as scripts from './scripts.ts';

interface ValkeyTierOptions {
  valkey: Valkey;
  subscriber: Valkey;
  graceMs: number;
  timeoutMs: number;
  restMs: number;
  lockMs: number;
  onError: (error: unknown) => void;
}

/** The right to load a value, and the versions of its tags when it was taken. */
export interface LoadLock {
  token: string;
  versions: string;
}

const CHANNEL = 'cache-invalidations';
const FAILURES_TO_OPEN = 3;
const MAX_PENDING = 10_000;
const lockOf = (key: string) => key.replace(':value:', ':lock:');

type Command<R> = (keyCount: 2, key: string, lock: string, ...args: unknown[]) => Promise<R>;
interface Commands {
  cacheGet: Command<[text: string | null, tags: string, leftMs: number, versions: string | null]>;
  cacheSet: Command<number>;
}

/** Invalidates in memory what other processes invalidate. */
function subscribe(
  { subscriber, onError }: Pick<ValkeyTierOptions, 'subscriber' | 'onError'>,
  id: string,
  memory: Pick<MemoryTier, 'invalidate' | 'invalidateAll'>,
): void {
  subscriber.on('message', (_channel: string, text: string) => {
    const { from, names } = JSON.parse(text) as { from?: string; names: string[] };
    if (from !== id) memory.invalidate(names);
  });
  // The client subscribes again by itself, but only an answer shows that no message is lost any more.
  const renew = () => subscriber.subscribe(CHANNEL).then(memory.invalidateAll, onError);
  if (subscriber.status === 'ready') void renew();
  subscriber.on('ready', () => void renew());
}

/**
 * The copies that all processes share. Methods fail soon while Valkey is unavailable; `delete` does
 * not: it repeats what could not be deleted when Valkey is back.
 */
export function createValkeyTier(
  options: ValkeyTierOptions,
  memory: Pick<MemoryTier, 'invalidate' | 'invalidateAll'>,
) {
  const { subscriber, graceMs, timeoutMs, restMs: openMs, lockMs, onError } = options;
  options.valkey.defineCommand('cacheGet', { lua: scripts.get });
  options.valkey.defineCommand('cacheSet', { lua: scripts.set });
  const valkey = options.valkey as Valkey & Commands;
  const id = crypto.randomUUID();
  const pending = new Set<string>();
  const breaker = createCircuitBreaker({ name: 'The cache', failures: FAILURES_TO_OPEN, openMs });

  // A command that waits for a connection would be executed much later: it is refused instead.
  const run = <T>(command: () => Promise<T>): Promise<T> =>
    breaker.run(() => {
      if (valkey.status !== 'ready') throw new UnavailableError('The cache is not connected');
      return withTimeout(command, timeoutMs);
    });

  subscribe({ subscriber, onError }, id, memory);
  setInterval(() => void deleteAll([...pending]), openMs).unref();

  async function deleteAll(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    for (const name of names) pending.delete(name);
    const keys = [...names, ...names.map(lockOf)];
    const message = JSON.stringify({ names });
    try {
      await run(() =>
        valkey
          .multi()
          .del(...keys)
          .publish(CHANNEL, message)
          .exec(),
      );
    } catch (error) {
      onError(error);
      for (const name of names) if (pending.size < MAX_PENDING) pending.add(name);
    }
  }

  /** What is stored, valid but perhaps expired; with a token also the lock, if it was free. */
  async function get(key: string, tags: readonly string[] = [], token = '') {
    const args = [token, lockMs, tags.join('\n'), graceMs];
    const [text, storedTags, leftMs, versions] = await run(() =>
      valkey.cacheGet(2, key, lockOf(key), ...args),
    );
    const value: TieredValue | undefined =
      text === null ? undefined : { text, tags: storedTags.split('\n').filter(Boolean), leftMs };
    return { value, lock: versions === null ? undefined : ({ token, versions } as LoadLock) };
  }

  return {
    get: async (key: string) => (await get(key)).value,
    delete: deleteAll,
    /** Waits until the value is there, until the caller may load it, or for as long as a lock lasts. */
    async getOrLock(key: string, tags: readonly string[]) {
      const token = crypto.randomUUID();
      const deadline = performance.now() + lockMs;
      for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 100)) {
        const found = await get(key, tags, token);
        const isFresh = found.value !== undefined && found.value.leftMs > 0;
        if (isFresh || found.lock || performance.now() > deadline) return found;
        await sleep(waitMs * (0.5 + Math.random() / 2));
      }
    },
    /** Stores the value; with a lock only while that is held and nothing was invalidated since. */
    async set(key: string, { text, tags, leftMs }: TieredValue, lock?: LoadLock): Promise<boolean> {
      const { token, versions } = lock ?? { token: crypto.randomUUID(), versions: 'none' };
      const ms = leftMs > 0 ? leftMs + graceMs : 0;
      const message = JSON.stringify({ from: id, names: [key] });
      const args = [token, versions, tags.join('\n'), text, ms, CHANNEL, message];
      return (await run(() => valkey.cacheSet(2, key, lockOf(key), ...args))) === 1;
    },
  };
}

export type ValkeyTier = ReturnType<typeof createValkeyTier>;
