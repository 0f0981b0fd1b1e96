import { DatabaseError } from '@insightdesk/shared/errors';
import { createRecentSessions, type RecentSessions } from '@insightdesk/shared/utils';
import {
  type AfterCommit,
  type Connection,
  createConnection,
  type ObserveStatement,
  type Tx,
  toRowObject,
} from './connection.ts';
import { isTimeout } from './database-errors.ts';
import { createNotifier } from './notifier.ts';
import { parseTarget } from './pipeline/target.ts';
import { createExclusivePool } from './pools/exclusive-pool.ts';
import { createHeavyReadLimiter, createQueryTooBroadError } from './pools/heavy-read-limiter.ts';
import { closePools, createPoolStatus, type PoolStatus } from './pools/pool-status.ts';
import { TenantTime, type TenantTimeLimits } from './pools/tenant-time.ts';
import { runRead, runWrite, withRetries } from './run-transaction.ts';
import { type DatabaseStats, QueryStats } from './stats.ts';
import { READ_ONLY, readOnlyWithin, type Scope } from './transaction-scope.ts';

/** The system itself, with the relay's login: rows without a tenant, and those that policies show to it. */
export type SystemScope = 'system';

export interface WriteOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
}

export interface ReadOptions {
  /**
   * It may take long: it uses connections of its own with a short timeout, so that other reads do not
   * wait for it. Throws 422 QUERY_TOO_BROAD beyond the timeout, 503 while too many others wait.
   */
  isHeavy?: boolean;
}

export interface Database {
  /** One read-only transaction in one round trip; queries are issued by `.execute()` at once. */
  read<T>(scope: Scope, work: (tx: Tx) => Promise<T>, options?: ReadOptions): Promise<T>;
  /** One read-write transaction; retried on conflicts, and on connection loss before COMMIT. */
  write<T>(
    scope: Scope | SystemScope,
    work: (tx: Tx) => Promise<T>,
    options?: WriteOptions,
  ): Promise<T>;
  /** Returns within the timeout or throws. */
  ping(): Promise<void>;
  /** Opens up to `count` connections; returns how many. Throws when the server does not respond. */
  open(count: number): Promise<number>;
  getStats(reset?: boolean): DatabaseStats;
  /** What each organization uses of the database, in this process. */
  readonly tenantTime: Pick<TenantTime, 'waitMs'>;
  /** How the connections are used, by purpose. */
  readonly pools: readonly PoolStatus[];
  /** Durations and failures of statements by name, since start. */
  readonly statements: Pick<QueryStats, 'statements' | 'failures'>;
  close(timeoutMs?: number): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** The login of the relay's role; without it the system scope throws. */
  relayUrl?: string | undefined;
  /** Connections that reads share, pipelined. */
  readers: number;
  /** Connections for writes; a write uses one exclusively. */
  writers: number;
  /** Connections for writes in the system scope; 2 by default, none without `relayUrl`. */
  systemWriters?: number;
  timeoutMs: number;
  /** Connections for heavy reads, and their timeout; 2 by default. */
  heavy?: { connections: number; timeoutMs: number };
  /** The database time of an organization, beyond which `tenantTime` says that it waits. */
  tenantTime?: Partial<TenantTimeLimits>;
  slowQueryMs: number;
  prepare?: boolean;
  /** Sessions accepted a moment ago; the database has its own unless given. */
  recentSessions?: RecentSessions;
  onSlowQuery?: (query: string, durationMs: number) => void;
  observe?: ObserveStatement;
}

const SYSTEM_WRITERS = 2;
const HEAVY_READERS = 2;

/** The connections by purpose. */
function createPools(options: DatabaseOptions, stats: QueryStats) {
  const { timeoutMs, relayUrl } = options;
  const connections = (count: number, url = options.url) =>
    Array.from({ length: count }, () =>
      createConnection({
        target: parseTarget(url, settingsFor(timeoutMs)),
        timeoutMs,
        prepare: options.prepare ?? true,
        stats,
        observe: options.observe,
      }),
    );
  const readers = connections(options.readers);
  const writers = connections(options.writers);
  const writePool = createExclusivePool(writers, timeoutMs, stats);
  const { systemWriters: count = SYSTEM_WRITERS } = options;
  const systemWriters = relayUrl ? connections(count, relayUrl) : [];
  const systemPool = createExclusivePool(systemWriters, timeoutMs, stats);
  const heavyReaders = connections(options.heavy?.connections ?? HEAVY_READERS);
  const pools = [
    createPoolStatus('reads', readers),
    createPoolStatus('writes', writers, writePool),
    createPoolStatus('heavy reads', heavyReaders),
    createPoolStatus('system', systemWriters, systemPool),
  ];
  return { readers, heavyReaders, systemWriters, writePool, systemPool, pools };
}

/** Runs `work` and reports the time that the server worked for the connection meanwhile. */
async function measureWork<T>(
  { pipeline }: Connection,
  report: (ms: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const before = pipeline.workMs;
  try {
    return await work();
  } finally {
    report(pipeline.workMs - before);
  }
}

/** Builds the access to PostgreSQL as the role of `url`; connects on first use. */
export function createDatabase(options: DatabaseOptions): Database {
  const stats = new QueryStats(options.slowQueryMs, options.onSlowQuery ?? (() => {}));
  const tenantTime = new TenantTime(options.tenantTime);
  const { readers, heavyReaders, systemWriters, writePool, systemPool, pools } = createPools(
    options,
    stats,
  );
  const { recentSessions = createRecentSessions() } = options;
  const heavyReadOnly = readOnlyWithin(options.heavy?.timeoutMs ?? options.timeoutMs);
  const acquireHeavyRead = createHeavyReadLimiter(heavyReaders.length);
  const addTime = (tenantId: Scope['tenantId']) => (ms: number) => {
    if (tenantId) tenantTime.add(tenantId, ms);
  };
  const notify = createNotifier((query, parameters) =>
    leastBusy(readers).send(query, parameters, toRowObject),
  );

  return {
    async read(scope, work, { isHeavy = false } = {}) {
      const { tenantId } = scope;
      const onWork = addTime(tenantId);
      const readFrom = (pool: Connection[], extraColumns: string) =>
        withRetries(stats, () =>
          runRead(leastBusy(pool), { scope, recentSessions, extraColumns, onWork }, work),
        );
      if (!isHeavy) return readFrom(readers, READ_ONLY);
      const release = acquireHeavyRead(tenantId);
      try {
        return await readFrom(heavyReaders, heavyReadOnly);
      } catch (error) {
        throw isTimeout(error) ? createQueryTooBroadError(error) : error;
      } finally {
        release();
      }
    },
    async write(scope, work, { isolation = 'read committed' } = {}) {
      const begin = `begin isolation level ${isolation}`;
      const scopeRequest =
        scope === 'system' ? scope : ({ scope, recentSessions, extraColumns: '' } as const);
      const hooks: AfterCommit[] = [];
      const channels = new Set<string>();
      if (scope === 'system' && systemWriters.length === 0) throw new NoSystemLoginError();
      const pool = scope === 'system' ? systemPool : writePool;
      const isAlone = () => pool.inUse === 1;
      const onWork = addTime(scope === 'system' ? undefined : scope.tenantId);
      const run = { begin, scopeRequest, hooks, channels, isAlone };
      try {
        return await withRetries(stats, () => {
          hooks.length = 0;
          channels.clear();
          return pool.use((connection) =>
            measureWork(connection, onWork, () => runWrite(connection, run, work)),
          );
        });
      } finally {
        for (const channel of channels) notify(channel);
        // The connection is free again: hooks may take their time.
        for (const hook of hooks) await hook();
      }
    },
    ping: async () => void (await leastBusy(readers).send('select 1', [], toRowObject)),
    async open(count) {
      const opened = pools.flatMap((pool) => pool.connections).slice(0, count);
      await Promise.all(opened.map((connection) => connection.send('select 1', [], toRowObject)));
      return opened.length;
    },
    getStats: (reset) => ({ ...stats.get(reset), oldestWaitMs: writePool.oldestWaitMs }),
    tenantTime,
    pools,
    statements: stats,
    close: (timeoutMs = 5000) => closePools(pools, timeoutMs),
  };
}

class NoSystemLoginError extends DatabaseError {
  constructor() {
    super('DATABASE_RELAY_URL is not set: the system scope needs it', { retryable: false });
  }
}

/**
 * Statements are planned once, for any value: the tenant is no parameter, so no value has a better
 * plan, and planning a page each time costs as much as reading it.
 */
const settingsFor = (timeoutMs: number) => ({
  application_name: 'insightdesk',
  statement_timeout: timeoutMs,
  idle_in_transaction_session_timeout: timeoutMs,
  options: '-c plan_cache_mode=force_generic_plan',
});

function leastBusy(connections: Connection[]): Connection {
  return connections.reduce((best, other) =>
    other.pipeline.waiting < best.pipeline.waiting ? other : best,
  );
}
