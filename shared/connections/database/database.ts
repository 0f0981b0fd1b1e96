import { DatabaseError } from '@insightdesk/shared/errors';
import { createRecentSessions, type RecentSessions } from '@insightdesk/shared/utils';
import { type Entry, enter, type Scope, TO_READ, toReadWithin } from './enter.ts';
import {
  isConflict,
  isConnectionLoss,
  isOutOfDate,
  isStale,
  isTimeout,
  toDatabaseError,
} from './failures.ts';
import { createTurns, tooBroad } from './heavy-turns.ts';
import { createLease } from './lease.ts';
import { createNotices } from './notices.ts';
import { connectionLost } from './pipeline/pipeline.ts';
import { readTarget } from './pipeline/target.ts';
import { endAll, type Pool, poolOf } from './pools.ts';
import { type DatabaseStats, QueryStats } from './stats.ts';
import {
  type AfterCommit,
  type Connection,
  createConnection,
  type Observe,
  type Transaction,
  type Tx,
  toObject,
  withCommit,
} from './tx.ts';

/** The system itself, by the relay's login: what belongs to nobody, and what policies show to it. */
export type SystemScope = 'system';

export interface WriteOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
}

export interface ReadOptions {
  /**
   * It may take long: it goes over connections of its own with a short timeout, so that other reads
   * do not wait for it. Throws 422 QUERY_TOO_BROAD beyond that, 503 while too many others wait.
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
  /** Answers within the timeout or throws. */
  ping(): Promise<void>;
  getStats(reset?: boolean): DatabaseStats;
  /** How the connections are used, by what they are for. */
  readonly pools: readonly Pool[];
  /** Of statements, by name; since start. */
  readonly statements: Pick<QueryStats, 'statements' | 'failures'>;
  close(timeoutMs?: number): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** The login of the relay's role; without it nothing is written as the system. */
  relayUrl?: string | undefined;
  /** Connections that reads share, pipelined. */
  poolMin: number;
  /** Connections of which each write takes one for itself. */
  poolMax: number;
  timeoutMs: number;
  /** Connections for heavy reads, and how long one of these may take. */
  heavy?: { connections: number; timeoutMs: number };
  slowQueryMs: number;
  prepare?: boolean;
  /** Sessions accepted a moment ago; the database has its own unless given. */
  recentSessions?: RecentSessions;
  onSlowQuery?: (query: string, durationMs: number) => void;
  observe?: Observe;
}

const SYSTEM_POOL = 2;
const CONFLICT_ATTEMPTS = 5;
/** A server that ends a connection says so before it closes it: one try may meet each. */
const LOSS_ATTEMPTS = 3;

/** Builds the access to PostgreSQL as the role of `url`; connects on first use. */
export function createDatabase(options: DatabaseOptions): Database {
  const stats = new QueryStats(options.slowQueryMs, options.onSlowQuery ?? (() => {}));
  const connections = (count: number, url = options.url) =>
    Array.from({ length: Math.max(1, count) }, () =>
      createConnection({
        target: readTarget(url, settingsFor(options.timeoutMs)),
        timeoutMs: options.timeoutMs,
        prepare: options.prepare ?? true,
        stats,
        observe: options.observe,
      }),
    );
  const readers = connections(options.poolMin);
  const writers = connections(options.poolMax);
  const lease = createLease(writers, options.timeoutMs, stats);
  const systemWriters = options.relayUrl ? connections(SYSTEM_POOL, options.relayUrl) : [];
  const systemLease = createLease(systemWriters, options.timeoutMs, stats);
  const { recentSessions = createRecentSessions() } = options;
  const { heavy = { connections: 2, timeoutMs: options.timeoutMs } } = options;
  const heavyReaders = connections(heavy.connections);
  const toReadMuch = toReadWithin(heavy.timeoutMs);
  const takeTurn = createTurns(heavyReaders.length);
  const notify = createNotices((query, parameters) =>
    leastBusy(readers).send(query, parameters, toObject),
  );
  const pools = [
    poolOf('reads', readers),
    poolOf('writes', writers, lease),
    poolOf('heavy reads', heavyReaders),
    poolOf('system', systemWriters, systemLease),
  ];

  return {
    async read(scope, work, { isHeavy = false } = {}) {
      const readOnOneOf = (pool: Connection[], more: string) =>
        attempt(stats, () => readOn(leastBusy(pool), { scope, recentSessions, more }, work));
      if (!isHeavy) return readOnOneOf(readers, TO_READ);
      const giveBack = takeTurn(scope.tenantId);
      try {
        return await readOnOneOf(heavyReaders, toReadMuch);
      } catch (error) {
        throw isTimeout(error) ? tooBroad(error) : error;
      } finally {
        giveBack();
      }
    },
    async write(scope, work, { isolation = 'read committed' } = {}) {
      const begin = `begin isolation level ${isolation}`;
      const entry = scope === 'system' ? scope : ({ scope, recentSessions, more: '' } as const);
      const run = { begin, entry, hooks: [] as AfterCommit[], notices: new Set<string>() };
      if (scope === 'system' && systemWriters.length === 0) throw new NoSystemLogin();
      const own = scope === 'system' ? systemLease : lease;
      const isAlone = () => own.taken === 1;
      try {
        return await attempt(stats, () => {
          run.hooks.length = 0;
          run.notices.clear();
          return own.use((connection) => writeOn(connection, { ...run, isAlone }, work));
        });
      } finally {
        for (const channel of run.notices) notify(channel);
        // Its connection is free again by now: what follows may take its time.
        for (const hook of run.hooks) await hook();
      }
    },
    ping: async () => void (await leastBusy(readers).send('select 1', [], toObject)),
    getStats: (reset) => ({ ...stats.get(reset), oldestWaitMs: lease.oldestWaitMs }),
    pools,
    statements: stats,
    close: (timeoutMs = 5000) => endAll(pools, timeoutMs),
  };
}

class NoSystemLogin extends DatabaseError {
  constructor() {
    super('DATABASE_RELAY_URL is not set: only whoever has it may do what belongs to no tenant', {
      retryable: false,
    });
  }
}

/** Marks a failure after which the outcome is known: nothing was committed. */
class RolledBack extends Error {}

async function attempt<T>(stats: QueryStats, run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    stats.transaction();
    try {
      return await run();
    } catch (error) {
      const cause = error instanceof RolledBack ? error.cause : error;
      const again =
        ((isConflict(cause) || isStale(cause) || isOutOfDate(cause)) &&
          tries < CONFLICT_ATTEMPTS) ||
        (isConnectionLoss(cause) && error instanceof RolledBack && tries < LOSS_ATTEMPTS);
      if (!again) throw toDatabaseError(cause);
      stats.retry();
      if (isOutOfDate(cause)) continue;
      await Bun.sleep((0.5 + Math.random() / 2) * 20 * 2 ** tries);
    }
  }
}

/**
 * What every session starts with. It plans once for any value: whose rows they are is in none of
 * them, so no value has a better plan, and planning a page again each time costs as much as reading it.
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

/** What is sent up to one end of a batch is one transaction: neither BEGIN nor COMMIT is needed. */
async function readOn<T>(
  connection: Connection,
  entry: Entry,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { pipeline, reading } = connection;
  const ended = Promise.withResolvers<unknown>();
  let worked: Promise<T>;
  try {
    enter(connection, entry).catch(() => {});
    reading.openSince = pipeline.losses;
    // Drizzle's builders run when `then` is called: here and now, not a turn later.
    worked = work(reading.tx).then((result) => result);
  } catch (error) {
    worked = Promise.reject(error);
  } finally {
    reading.openSince = undefined;
    pipeline.endBatch(ended.resolve);
  }
  const [outcome] = await Promise.allSettled([worked]);
  const failure = await ended.promise;
  if (failure !== undefined) throw new RolledBack('', { cause: failure });
  if (outcome.status === 'rejected') throw new RolledBack('', { cause: outcome.reason });
  return outcome.value;
}

/** One try of a write. */
interface WriteRun {
  begin: string;
  entry: Entry | SystemScope;
  /** What is to follow; emptied when nothing was committed. */
  hooks: AfterCommit[];
  notices: Set<string>;
  /** No other write is under way in this process. */
  isAlone(): boolean;
}

async function writeOn<T>(
  connection: Connection,
  { begin, entry, hooks, notices, isAlone }: WriteRun,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { pipeline } = connection;
  const { losses } = pipeline;
  const transaction = connection.begin(hooks, notices);
  const { tx } = transaction;
  transaction.openSince = losses;
  try {
    // BEGIN and the scope ride ahead of the first query; a failure of either outranks what follows.
    withCommit(tx, connection.send(begin, [], toObject));
    if (entry !== 'system') withCommit(tx, enter(connection, entry));
    const result = await work(tx);
    if (pipeline.losses !== losses) throw connectionLost();
    if (isAlone()) sendNotices(transaction, notices);
    transaction.openSince = undefined;
    await commit(connection);
    return result;
  } catch (error) {
    transaction.openSince = undefined;
    if (error instanceof CommitFailed && isConnectionLoss(error.cause)) throw error.cause;
    // Nothing was committed, so nothing follows.
    hooks.length = 0;
    notices.clear();
    const isLost = pipeline.losses !== losses;
    if (!isLost) await rollback(connection);
    const cause = error instanceof CommitFailed ? error.cause : error;
    throw new RolledBack('', { cause: transaction.failure ?? (isLost ? connectionLost() : cause) });
  }
}

/**
 * COMMITs with a notice go one after the other, disk included: one that has company leaves it for
 * after, one that has none saves a round trip.
 */
function sendNotices({ connection, tx }: Transaction, notices: Set<string>): void {
  for (const channel of notices) {
    withCommit(tx, connection.send(`select pg_notify($1, '')`, [channel], toObject));
  }
  notices.clear();
}

/** In a batch of its own: the server skips what shares one with a statement that failed. */
async function rollback({ pipeline, send }: Connection): Promise<void> {
  try {
    pipeline.endBatch(() => {});
    await send('rollback', [], toObject);
  } catch {
    // The connection has gone, and the transaction with it.
  }
}

class CommitFailed extends Error {}

async function commit(connection: Connection): Promise<void> {
  const { command } = await connection.send('commit', [], toObject).catch((cause) => {
    throw new CommitFailed('', { cause });
  });
  if (command === 'COMMIT') return;
  throw new DatabaseError('A failed statement was ignored and the transaction rolled back');
}
