import type { CounterName, Meter, QuotaName, Quotas } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { createKnownUsage, today, type UsageRow } from './known-usage.ts';

interface MeterOptions extends Pick<Meter, 'logBytes' | 'openSockets' | 'queueUsage'> {
  database: Pick<Database, 'write'>;
  defaults: Quotas;
  /** Lower defaults of organizations without an owner whose address is verified. */
  unverified?: Partial<Quotas>;
  onError: (error: unknown) => void;
  /** Interval of writes to the database: the delay of the counters, and what a crash loses. */
  flushMs?: number;
  /** Limit of counters in memory; further ones are not counted. */
  maxEntries?: number;
}

/** How long an organization that a process does not know has the default quotas. */
const FIRST_READ_MS = 250;

type Key = `${Id<'org'>} ${string} ${CounterName}`;

/**
 * Counts in memory and adds the counts to the database every `flushMs`. Request quotas fail open: each
 * process knows the counts of the others as of its last flush.
 */
export function createMeter(options: MeterOptions) {
  const { database, defaults, onError, flushMs = 10_000, maxEntries = 20_000 } = options;
  const { unverified = {} } = options;
  let counts = new Map<Key, number>();
  /** Counts of the write in progress, which the known usage does not contain yet. */
  let writing: ReadonlyMap<Key, number> = new Map();
  const known = createKnownUsage({ defaults, unverified, maxEntries });
  let timer: Timer | undefined;
  let firstRead: Timer | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let flushing: Promise<void> = Promise.resolve();

  function add(key: Key, by: number) {
    const before = counts.get(key);
    if (before !== undefined || counts.size < maxEntries) counts.set(key, (before ?? 0) + by);
  }

  async function flushOnce() {
    if (counts.size === 0) return;
    const batch = counts;
    writing = batch;
    counts = new Map();
    try {
      known.store(await write(database, batch));
    } catch (error) {
      failedAt = performance.now();
      for (const [key, by] of batch) add(key, by);
      onError(error);
    } finally {
      writing = new Map();
    }
  }

  const flush = () => {
    flushing = flushing.then(flushOnce);
    return flushing;
  };

  /** Reads the quotas of an organization that this process does not know yet, soon. */
  function read(tenantId: Id<'org'>) {
    if (known.has(tenantId)) return;
    add(`${tenantId} ${today()} requests`, 0);
    if (firstRead || performance.now() - failedAt < flushMs) return;
    firstRead = setTimeout(() => {
      firstRead = undefined;
      void flush();
    }, FIRST_READ_MS);
  }

  function limitOf(tenantId: Id<'org'>, quota: QuotaName): number {
    read(tenantId);
    return known.limitOf(tenantId, quota);
  }

  const meter: Meter = {
    count(tenantId, counter) {
      timer ??= setInterval(() => void flush(), flushMs);
      add(`${tenantId} ${today()} ${counter}`, 1);
    },
    isSpent(tenantId, quota) {
      read(tenantId);
      const key: Key = `${tenantId} ${today()} requests`;
      return known.isSpent(tenantId, quota, (counts.get(key) ?? 0) + (writing.get(key) ?? 0));
    },
    limitOf,
    logBytes: options.logBytes,
    openSockets: options.openSockets,
    queueUsage: options.queueUsage,
  };
  return {
    ...meter,
    /** Writes all counts to the database; after a failure they are added to the next write. */
    flush,
    async close() {
      clearInterval(timer);
      clearTimeout(firstRead);
      await flush();
    },
  };
}

/** Adds counts and, in the same transaction, reads the usage and quotas of these organizations. */
async function write(database: MeterOptions['database'], batch: ReadonlyMap<Key, number>) {
  // The same order in every process prevents deadlocks.
  const entries = [...batch].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = entries.map(([key]) => key.split(' ') as [Id<'org'>, string, CounterName]);
  const tenants = sql.param(parts.map(([tenantId]) => toUuid(tenantId)));
  const days = sql.param(parts.map(([, day]) => day));
  const metrics = sql.param(parts.map(([, , metric]) => metric));
  const values = sql.param(entries.map(([, value]) => value));
  const count = sql`select *, app.has_verified_owner(tenant_id) as verified from app.count_usage(${tenants}::uuid[], ${days}::date[],
    ${metrics}::text[], ${values}::bigint[])`;
  return database.write({}, async (tx) => (await tx.execute(count)) as unknown as UsageRow[]);
}
