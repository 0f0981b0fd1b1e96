import type { MemoryTier } from './memory-tier.ts';
import type { Forgettable, RemoteTier } from './remote-tier.ts';

interface ValuesOptions {
  memory: MemoryTier;
  remote: RemoteTier;
  stats: { hits: number; misses: number };
  onDropped: (keys: Iterable<string>) => void;
  onGap: () => void;
  onError: (error: unknown) => void;
  id: string;
}

/** Reading and writing values by their keys in Valkey, memory first. */
export function createValues(options: ValuesOptions) {
  const { memory, remote, stats, onDropped, onGap, onError, id } = options;

  /** Fetches into memory; what was dropped meanwhile is handed out once and not kept. */
  async function fetch(keys: string[]): Promise<Map<string, string>> {
    const arrivals = keys.map((key) => memory.expect(key));
    try {
      const found = await remote.read(keys);
      return new Map(
        found.flatMap(({ text, leftMs }, i): [string, string][] => {
          const [key, arrival] = [keys[i], arrivals[i]];
          if (!key || !arrival || text === null || leftMs <= 0) return [];
          memory.store(key, arrival, text, leftMs);
          return [[key, text]];
        }),
      );
    } catch (error) {
      onError(error);
      return new Map();
    } finally {
      finish(keys, arrivals);
    }
  }

  const finish = (keys: readonly string[], arrivals: ReturnType<MemoryTier['expect']>[]) =>
    arrivals.forEach((arrival, i) => {
      memory.finish(keys[i] as string, arrival);
    });

  return {
    async get(keys: readonly string[]): Promise<(string | undefined)[]> {
      const near = new Map(
        keys.flatMap((key): [string, string][] => {
          const held = memory.get(key);
          return held?.isFresh ? [[key, held.text]] : [];
        }),
      );
      const missing = keys.filter((key) => !near.has(key));
      const far = missing.length > 0 ? await fetch(missing) : near;
      const texts = keys.map((key) => near.get(key) ?? far.get(key));
      const hits = texts.filter((text) => text !== undefined).length;
      stats.hits += hits;
      stats.misses += texts.length - hits;
      return texts;
    },

    async set(entries: Map<string, string>, tags: readonly string[], ttlMs: number) {
      const keys = [...entries.keys()];
      if (keys.length === 0) return;
      // Whoever is loading one of them has an older value.
      onDropped(keys);
      const arrivals = keys.map((key) => memory.expect(key));
      try {
        await remote.store(entries, tags, { ttlMs, from: id });
      } catch (error) {
        onError(error);
        // What Valkey still has is older.
        await remote.forget({ keys });
      } finally {
        keys.forEach((key, i) => {
          const arrival = arrivals[i];
          if (arrival) memory.store(key, arrival, entries.get(key) as string, ttlMs);
        });
        finish(keys, arrivals);
      }
    },

    async forget({ keys = [], tags = [] }: Forgettable) {
      const dropped = await remote.forget({ keys, tags });
      // Last, for reads that were under way before Valkey knew.
      onDropped(keys);
      if (dropped) onDropped(dropped);
      // Only Valkey knows what carries a tag.
      else if (tags.length > 0) onGap();
    },
  };
}
