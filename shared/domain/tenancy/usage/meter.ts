import type { CounterName, Meter, QuotaName, Quotas } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';

export interface MeterOptions extends Pick<Meter, 'logBytes' | 'openSockets' | 'jobLoad'> {
  database: Pick<Database, 'write'>;
  defaults: Quotas;
  onError: (error: unknown) => void;
  /** How far the figures are behind, and how much a crash loses. */
  flushMs?: number;
  /** How many figures are held in memory; a new one beyond that is not counted. */
  most?: number;
}

export interface FlushingMeter extends Meter {
  /** Writes what was counted so far; what cannot be written is kept for the next time. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Known {
  quotas: Partial<Quotas>;
  /** Requests of the day and of its month, of all processes, at the last flush. */
  requests: { day: string; today: number; month: number };
  /** Jobs that wait for room. */
  heldJobs: number;
}

/** So many times as many jobs as may be in the queues may wait for room. */
const HELD_TIMES = 10;

type Key = `${Id<'org'>} ${string} ${CounterName}`;

/**
 * Counts in memory and adds up in the database every `flushMs`. Quotas of requests fail open: each
 * process goes by what all had done at its last flush.
 */
export function createMeter(options: MeterOptions): FlushingMeter {
  const { database, defaults, onError, flushMs = 10_000, most = 20_000 } = options;
  let counts = new Map<Key, number>();
  const known = new Map<Id<'org'>, Known>();
  let timer: Timer | undefined;
  let flushing: Promise<void> = Promise.resolve();

  function add(key: Key, by: number) {
    const before = counts.get(key);
    if (before !== undefined || counts.size < most) counts.set(key, (before ?? 0) + by);
  }

  function learn(rows: readonly Row[]) {
    for (const row of rows) {
      const tenantId = fromUuid('org', row.tenant_id);
      known.delete(tenantId);
      known.set(tenantId, {
        quotas: row.quotas ?? {},
        requests: { day: row.day, today: Number(row.today), month: Number(row.month) },
        heldJobs: Number(row.held),
      });
    }
    for (const oldest of known.keys()) if (known.size > most) known.delete(oldest);
  }

  async function flushOnce() {
    if (counts.size === 0) return;
    const batch = counts;
    counts = new Map();
    try {
      learn(await write(database, batch));
    } catch (error) {
      for (const [key, by] of batch) add(key, by);
      onError(error);
    }
  }

  const flush = () => {
    flushing = flushing.then(flushOnce);
    return flushing;
  };

  function limitOf(tenantId: Id<'org'>, quota: QuotaName): number {
    return (known.get(tenantId)?.quotas[quota] ?? defaults[quota]) || Number.POSITIVE_INFINITY;
  }

  return {
    count(tenantId, counter) {
      timer ??= setInterval(() => void flush(), flushMs);
      add(`${tenantId} ${today()} ${counter}`, 1);
    },
    isSpent(tenantId, quota) {
      const limit = limitOf(tenantId, quota);
      if (limit === Number.POSITIVE_INFINITY) return false;
      if (quota === 'waiting-jobs')
        return (known.get(tenantId)?.heldJobs ?? 0) >= limit * HELD_TIMES;
      const day = today();
      const here = counts.get(`${tenantId} ${day} requests`) ?? 0;
      const { requests } = known.get(tenantId) ?? { requests: undefined };
      if (requests?.day.slice(0, 7) !== day.slice(0, 7)) return here >= limit;
      if (quota === 'requests-per-month') return requests.month + here >= limit;
      return (requests.day === day ? requests.today : 0) + here >= limit;
    },
    limitOf,
    logBytes: options.logBytes,
    openSockets: options.openSockets,
    jobLoad: options.jobLoad,
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

const today = () => new Date().toISOString().slice(0, 10);

interface Row {
  tenant_id: string;
  day: string;
  today: string;
  month: string;
  held: string;
  quotas: Partial<Quotas> | null;
}

/** Adds up and, in the same transaction, asks how the organisations that were counted stand. */
async function write(database: MeterOptions['database'], batch: ReadonlyMap<Key, number>) {
  // In one order everywhere, so that two processes do not wait for each other.
  const entries = [...batch].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = entries.map(([key]) => key.split(' ') as [Id<'org'>, string, CounterName]);
  const tenants = sql.param(parts.map(([tenantId]) => toUuid(tenantId)));
  const days = sql.param(parts.map(([, day]) => day));
  const metrics = sql.param(parts.map(([, , metric]) => metric));
  const values = sql.param(entries.map(([, value]) => value));
  const count = sql`select * from app.count_usage(${tenants}::uuid[], ${days}::date[],
    ${metrics}::text[], ${values}::bigint[])`;
  return database.write({}, async (tx) => (await tx.execute(count)) as unknown as Row[]);
}
