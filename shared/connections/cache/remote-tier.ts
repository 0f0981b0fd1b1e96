import type { Valkey } from '@insightdesk/shared/valkey';
import { createReach } from './reach.ts';
import { defineCacheCommands } from './scripts.ts';

export interface RemoteTierOptions {
  valkey: Valkey;
  channel: string;
  graceMs: number;
  timeoutMs: number;
  restMs: number;
  onError: (error: unknown) => void;
}

/** What Valkey has of a key; fresh while `leftMs` is above 0. */
export interface Found {
  text: string | null;
  leftMs: number;
}

/** What has to be forgotten: values and tags by their keys in Valkey. */
export interface Forgettable {
  keys?: readonly string[];
  tags?: readonly string[];
}

const KEYS_AT_ONCE = 1_000;
/** Beyond it the oldest is left to its expiry. */
const OWED_MAX = 10_000;

/**
 * The copies that all processes share. Every call throws soon when Valkey does not answer, but
 * `forget`: what it cannot say now it says when Valkey is back.
 */
export function createRemoteTier(options: RemoteTierOptions) {
  const { valkey, channel, graceMs, timeoutMs, restMs, onError } = options;
  const reach = createReach({ valkey, timeoutMs, restMs });
  const owed = { keys: new Set<string>(), tags: new Set<string>() };
  let timer: ReturnType<typeof setTimeout> | undefined;
  defineCacheCommands(valkey);
  valkey.on('ready', () => void settle());

  const drop = async (keys: readonly string[], tags: readonly string[]) => {
    const dropped: string[] = [];
    for (let i = 0; i === 0 || i < keys.length; i += KEYS_AT_ONCE) {
      const some = keys.slice(i, i + KEYS_AT_ONCE);
      const now = i === 0 ? tags : [];
      dropped.push(...(await reach(() => valkey.cacheDrop(now.length, ...now, channel, ...some))));
    }
    return dropped;
  };

  /** What was dropped, or undefined when that cannot be known yet. */
  async function forget({ keys = [], tags = [] }: Forgettable): Promise<string[] | undefined> {
    if (keys.length + tags.length === 0) return [];
    try {
      return await drop(keys, tags);
    } catch (error) {
      onError(error);
      for (const key of keys) owe(owed.keys, key);
      for (const tag of tags) owe(owed.tags, tag);
      settleLater();
      return undefined;
    }
  }

  function settleLater(): void {
    timer ??= setTimeout(() => void settle(), restMs).unref();
  }

  async function settle(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const [keys, tags] = [[...owed.keys], [...owed.tags]];
    owed.keys.clear();
    owed.tags.clear();
    await forget({ keys, tags });
  }

  return {
    forget,
    async read(keys: readonly string[]): Promise<Found[]> {
      const found = await reach(() => valkey.cacheRead(keys.length, ...keys, graceMs));
      return keys.map((_, i) => ({
        text: found[i * 2] as string | null,
        leftMs: Number(found[i * 2 + 1]),
      }));
    },
    /** Says what there is, and whether the one with this token is to load it. */
    async look(key: string, tags: readonly string[], token: string, lockMs: number) {
      const args = [1 + tags.length, key, ...tags, graceMs, token, lockMs] as const;
      const [text, leftMs, isOurs] = await reach(() => valkey.cacheLook(...args));
      return { text, leftMs, isOurs: isOurs === 1 };
    },
    /** Ends a load: stores unless `ttlMs` is 0 or the key was dropped meanwhile; true if stored. */
    async fill(key: string, tags: readonly string[], token: string, text: string, ttlMs: number) {
      const args = [1 + tags.length, key, ...tags, graceMs, token, ttlMs, text] as const;
      return (await reach(() => valkey.cacheFill(...args))) === 1;
    },
    async store(
      entries: ReadonlyMap<string, string>,
      tags: readonly string[],
      { ttlMs, from }: { ttlMs: number; from: string },
    ): Promise<void> {
      const keys = [...entries.keys()];
      const message = JSON.stringify({ from, keys });
      const args = [graceMs, ttlMs, keys.length, channel, message, ...entries.values()];
      await reach(() => valkey.cacheStore(keys.length + tags.length, ...keys, ...tags, ...args));
    },
  };
}

function owe(list: Set<string>, item: string): void {
  list.add(item);
  const [oldest] = list;
  if (list.size > OWED_MAX && oldest !== undefined) list.delete(oldest);
}

export type RemoteTier = ReturnType<typeof createRemoteTier>;
