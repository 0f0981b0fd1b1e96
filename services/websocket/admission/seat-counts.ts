import { withTimeout } from '@insightdesk/shared/promises';
import {
  type ChannelHubOptions,
  LISTENS,
  socketCountsOf,
  socketReplicas,
  socketTopicOf,
} from '@insightdesk/shared/realtime';
import { admitScript, renewScript } from './seat-scripts.ts';

/** A count that may not exceed `limit`, summed over all replicas. */
export interface CountLimit {
  field: string;
  limit: number;
}

export interface SeatCountsOptions {
  onError: (error: unknown) => void;
  /** A connection by which others see at once that this replica is gone; without it the lease tells. */
  subscriber?: Valkey;
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

function requireReady({ status }: Valkey): void {
  if (status !== 'ready') throw new Error(`Valkey is not there: ${status}`);
}

function slicesOf(counts: ReadonlyMap<string, number>): (string | number)[][] {
  const pairs = [...counts];
  return Array.from({ length: Math.ceil(pairs.length / SLICE_LENGTH) }, (_, n) =>
    pairs.slice(n * SLICE_LENGTH, (n + 1) * SLICE_LENGTH).flat(),
  );
}

function createTally() {
  const counts = new Map<string, number>();
  const of = (field: string) => counts.get(field) ?? 0;
  return {
    counts,
    of,
    change(field: string, by: 1 | -1): void {
      const open = of(field) + by;
      if (open > 0) counts.set(field, open);
      else counts.delete(field);
    },
  };
}

/** One replica's counts: true in memory, told to the others, and made good after any failure. */
export function createSeatCounts(valkey: Valkey, options: SeatCountsOptions) {
  const { onError, subscriber, leaseMs = 8_000, renewMs = 2_000 } = options;
  const scripts = defineScripts(valkey);
  const instance = crypto.randomUUID();
  const own = socketCountsOf(instance);
  const head = [socketReplicas, own, instance, leaseMs];
  const { counts, of, change } = createTally();
  const unwritten = new Set<string>();
  let isLost = true;
  let isHeard = false;
  let renewing: Timer | undefined;

  async function reach<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      requireReady(valkey);
      return await withTimeout(ask(), PATIENCE_MS);
    } catch (error) {
      isLost = true;
      onError(error);
      return undefined;
    }
  }

  async function rewrite(isSubscribed = false): Promise<void> {
    isHeard ||= isSubscribed;
    isLost = false;
    unwritten.clear();
    const lease = isHeard ? LISTENS : 1;
    const batch = valkey.multi().del(own).hset(own, 'lease', lease);
    for (const slice of slicesOf(counts)) batch.hset(own, ...slice);
    await reach(() => batch.pexpire(own, leaseMs).sadd(socketReplicas, instance).exec());
  }

  async function renew(): Promise<void> {
    if (isLost) return rewrite();
    const pairs = [...unwritten].flatMap((field) => [field, of(field)]);
    unwritten.clear();
    const isKept = await reach(() => scripts.seatRenew(...head, ...pairs));
    if (isKept === 0) await rewrite();
  }

  /** All that change in one turn are told in one command. */
  function tell(field: string): void {
    if (unwritten.size === 0) setImmediate(() => !isLost && void renew());
    unwritten.add(field);
  }

  return {
    of,
    tell,
    add: (field: string) => change(field, 1),
    remove(field: string) {
      change(field, -1);
      tell(field);
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
      // From then on its counts end with its connection.
      subscriber?.subscribe(socketTopicOf(instance)).then(() => rewrite(true), onError);
      renewing = setInterval(() => void renew(), renewMs);
    },
    async close() {
      clearInterval(renewing);
      isLost = true;
      await reach(() => valkey.multi().del(own).srem(socketReplicas, instance).exec());
    },
  };
}
