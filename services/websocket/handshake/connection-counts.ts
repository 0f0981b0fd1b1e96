import { withTimeout } from '@insightdesk/shared/promises';
import {
  type ChannelHubOptions,
  livenessTopic,
  SOCKET_REPLICAS_KEY,
  SUBSCRIBED_LEASE,
  socketCountsKey,
} from '@insightdesk/shared/realtime';
import { checkScript, renewScript } from './connection-count-scripts.ts';

/** A count that may not exceed `limit`, summed over all replicas. */
export interface CountLimit {
  field: string;
  limit: number;
}

export interface ConnectionCountsOptions {
  onError: (error: unknown) => void;
  /** A connection whose end shows other processes that this replica is gone, before its lease ends. */
  subscriber?: Valkey;
  /** How long the counts of a killed replica remain. */
  leaseMs?: number;
  renewMs?: number;
}

type Valkey = ChannelHubOptions['subscriber'];
type Scripts = Record<
  'connectionCountsCheck' | 'connectionCountsRenew',
  (...args: (string | number)[]) => Promise<number>
>;

const VALKEY_TIMEOUT_MS = 1_000;
const SLICE_LENGTH = 1_000;

function defineScripts(valkey: Valkey): Scripts {
  valkey.defineCommand('connectionCountsCheck', { numberOfKeys: 2, lua: checkScript });
  valkey.defineCommand('connectionCountsRenew', { numberOfKeys: 2, lua: renewScript });
  return valkey as unknown as Scripts;
}

function requireReady({ status }: Valkey): void {
  if (status !== 'ready') throw new Error(`Valkey is not ready: ${status}`);
}

function slicesOf(counts: ReadonlyMap<string, number>): (string | number)[][] {
  const pairs = [...counts];
  return Array.from({ length: Math.ceil(pairs.length / SLICE_LENGTH) }, (_, n) =>
    pairs.slice(n * SLICE_LENGTH, (n + 1) * SLICE_LENGTH).flat(),
  );
}

function createCounters() {
  const counts = new Map<string, number>();
  const get = (field: string) => counts.get(field) ?? 0;
  return {
    counts,
    get,
    change(field: string, by: 1 | -1): void {
      const count = get(field) + by;
      if (count > 0) counts.set(field, count);
      else counts.delete(field);
    },
  };
}

/** One replica's counts: exact in memory, published to Valkey, written anew after any failure. */
export function createConnectionCounts(valkey: Valkey, options: ConnectionCountsOptions) {
  const { onError, subscriber, leaseMs = 8_000, renewMs = 2_000 } = options;
  const scripts = defineScripts(valkey);
  const instance = crypto.randomUUID();
  const ownKey = socketCountsKey(instance);
  const head = [SOCKET_REPLICAS_KEY, ownKey, instance, leaseMs];
  const { counts, get, change } = createCounters();
  const unwritten = new Set<string>();
  let isLost = true;
  let isSubscribed = false;
  let renewing: Timer | undefined;

  async function run<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      requireReady(valkey);
      return await withTimeout(command(), VALKEY_TIMEOUT_MS);
    } catch (error) {
      isLost = true;
      onError(error);
      return undefined;
    }
  }

  async function rewrite(hasSubscribed = false): Promise<void> {
    isSubscribed ||= hasSubscribed;
    isLost = false;
    unwritten.clear();
    const lease = isSubscribed ? SUBSCRIBED_LEASE : 1;
    const batch = valkey.multi().del(ownKey).hset(ownKey, 'lease', lease);
    for (const slice of slicesOf(counts)) batch.hset(ownKey, ...slice);
    await run(() => batch.pexpire(ownKey, leaseMs).sadd(SOCKET_REPLICAS_KEY, instance).exec());
  }

  async function renew(): Promise<void> {
    if (isLost) return rewrite();
    const pairs = [...unwritten].flatMap((field) => [field, get(field)]);
    unwritten.clear();
    const isRenewed = await run(() => scripts.connectionCountsRenew(...head, ...pairs));
    if (isRenewed === 0) await rewrite();
  }

  /** The changes of one turn of the event loop are written by one command. */
  function publish(field: string): void {
    if (unwritten.size === 0) setImmediate(() => !isLost && void renew());
    unwritten.add(field);
  }

  return {
    get,
    publish,
    increment: (field: string) => change(field, 1),
    decrement(field: string) {
      change(field, -1);
      publish(field);
    },
    /** The first of the limits that is exceeded; undefined when Valkey does not answer. */
    async findExceeded<L extends CountLimit>(
      limits: readonly L[],
    ): Promise<L | 'none' | undefined> {
      const triples = limits.flatMap(({ field, limit }) => [field, limit, get(field)]);
      const index = await run(() => scripts.connectionCountsCheck(...head, ...triples));
      if (index === -1) await rewrite();
      return index === undefined ? undefined : (limits[index - 1] ?? 'none');
    },
    start() {
      void rewrite();
      subscriber?.subscribe(livenessTopic(instance)).then(() => rewrite(true), onError);
      renewing = setInterval(() => void renew(), renewMs);
    },
    async close() {
      clearInterval(renewing);
      isLost = true;
      await run(() => valkey.multi().del(ownKey).srem(SOCKET_REPLICAS_KEY, instance).exec());
    },
  };
}
