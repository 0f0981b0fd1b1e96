import { withTimeout } from '@insightdesk/shared/promises';
import type { ChannelHubOptions } from '@insightdesk/shared/realtime';
import { admitScript, countsOf, REPLICAS, renewScript } from './seat-scripts.ts';

/** A count that may not exceed `limit`, summed over all replicas. */
export interface CountLimit {
  field: string;
  limit: number;
}

export interface SeatCountsOptions {
  onError: (error: unknown) => void;
  /** How long the counts of a killed replica are still taken for true. */
  leaseMs?: number;
  renewMs?: number;
}

type Valkey = ChannelHubOptions['subscriber'];
type Scripts = Record<'seatAdmit' | 'seatRenew', (...args: (string | number)[]) => Promise<number>>;

/** How long Valkey may take to answer. */
const PATIENCE_MS = 1_000;
const SLICE_LENGTH = 1_000;

function defineScripts(valkey: Valkey): Scripts {
  valkey.defineCommand('seatAdmit', { numberOfKeys: 2, lua: admitScript });
  valkey.defineCommand('seatRenew', { numberOfKeys: 2, lua: renewScript });
  return valkey as unknown as Scripts;
}

/** One replica's counts: true in memory, told to the others, and made good after any failure. */
export function createSeatCounts(valkey: Valkey, options: SeatCountsOptions) {
  const { onError, leaseMs = 8_000, renewMs = 2_000 } = options;
  const scripts = defineScripts(valkey);
  const instance = crypto.randomUUID();
  const own = countsOf(instance);
  const head = [REPLICAS, own, instance, leaseMs];
  const counts = new Map<string, number>();
  const unwritten = new Set<string>();
  let isLost = true;
  let renewing: Timer | undefined;

  const of = (field: string) => counts.get(field) ?? 0;

  function change(field: string, by: 1 | -1): void {
    const open = of(field) + by;
    if (open > 0) counts.set(field, open);
    else counts.delete(field);
  }

  async function reach<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      if (valkey.status !== 'ready') throw new Error(`Valkey is not there: ${valkey.status}`);
      return await withTimeout(ask(), PATIENCE_MS);
    } catch (error) {
      isLost = true;
      onError(error);
      return undefined;
    }
  }

  async function rewrite(): Promise<void> {
    isLost = false;
    unwritten.clear();
    const pairs = [...counts];
    const batch = valkey.multi().del(own).hset(own, 'lease', 1);
    for (let i = 0; i < pairs.length; i += SLICE_LENGTH) {
      batch.hset(own, ...pairs.slice(i, i + SLICE_LENGTH).flat());
    }
    await reach(() => batch.pexpire(own, leaseMs).sadd(REPLICAS, instance).exec());
  }

  async function renew(): Promise<void> {
    if (isLost) return rewrite();
    const pairs = [...unwritten].flatMap((field) => [field, of(field)]);
    unwritten.clear();
    const isKept = await reach(() => scripts.seatRenew(...head, ...pairs));
    if (isKept === 0) await rewrite();
  }

  return {
    of,
    add: (field: string) => change(field, 1),
    /** All that end in one turn are told in one command. */
    remove(field: string) {
      change(field, -1);
      if (unwritten.size === 0) queueMicrotask(() => !isLost && void renew());
      unwritten.add(field);
    },
    /** The first of the limits that is exceeded; undefined when nobody says. */
    async firstExceeded<L extends CountLimit>(
      limits: readonly L[],
    ): Promise<L | 'none' | undefined> {
      const triples = limits.flatMap(({ field, limit }) => [field, limit, of(field)]);
      const index = await reach(() => scripts.seatAdmit(...head, ...triples));
      if (index === -1) await rewrite();
      return index === undefined ? undefined : (limits[index - 1] ?? 'none');
    },
    start() {
      void rewrite();
      renewing = setInterval(() => void renew(), renewMs);
    },
    async close() {
      clearInterval(renewing);
      isLost = true;
      await reach(() => valkey.multi().del(own).srem(REPLICAS, instance).exec());
    },
  };
}
