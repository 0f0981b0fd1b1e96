import { type Id, toUuid } from '@insightdesk/shared/contract';
import { DatabaseError, UnavailableError } from '@insightdesk/shared/errors';
import { isConflict, isConnectionLoss, toDatabaseError } from './failures.ts';
import { type DatabaseStats, QueryStats } from './stats.ts';
import { type AfterCommit, connectionLost, createWire, type Tx, type Wire } from './wire.ts';

/** Whose rows a transaction may see. */
export interface Scope {
  tenantId?: Id<'org'>;
  userId?: Id<'usr'>;
  /** When given, the session must be live and the member must still have `role`. */
  sessionId?: Id<'ses'>;
  role?: string;
}

/** The system itself, as the relay's role: what belongs to nobody, and what policies show to it. */
export type SystemScope = 'system';

export interface WriteOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
}

export interface Database {
  /** One read-only transaction in one round trip; queries are issued by `.execute()` at once. */
  read<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** One read-write transaction; retried on conflicts, and on connection loss before COMMIT. */
  write<T>(
    scope: Scope | SystemScope,
    work: (tx: Tx) => Promise<T>,
    options?: WriteOptions,
  ): Promise<T>;
  /** Answers within the timeout or throws. */
  ping(): Promise<void>;
  getStats(reset?: boolean): DatabaseStats;
  close(timeoutMs?: number): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Connections that reads share, pipelined. */
  poolMin: number;
  /** Connections of which each write takes one for itself. */
  poolMax: number;
  timeoutMs: number;
  slowQueryMs: number;
  prepare?: boolean;
  onSlowQuery?: (query: string, durationMs: number) => void;
}

const CONFLICT_ATTEMPTS = 5;
/** A server that ends a connection says so before it closes it: one try may meet each. */
const LOSS_ATTEMPTS = 3;

/** Builds the access to PostgreSQL as the role of `url`; connects on first use. */
export function createDatabase(options: DatabaseOptions): Database {
  const stats = new QueryStats(options.slowQueryMs, options.onSlowQuery ?? (() => {}));
  const prepare = options.prepare ?? true;
  const wires = (count: number) =>
    Array.from({ length: count }, () => createWire({ ...options, prepare, stats }));
  const readers = wires(Math.max(1, options.poolMin));
  const writers = wires(Math.max(1, options.poolMax));
  const lease = createLease(writers, options.timeoutMs, stats);
  let turn = 0;

  return {
    read: (scope, work) =>
      attempt(stats, () => {
        turn = (turn + 1) % readers.length;
        return readOn(readers[turn] as Wire, scope, work);
      }),
    async write(scope, work, { isolation = 'read committed' } = {}) {
      const begin = `begin isolation level ${isolation}`;
      let hooks: AfterCommit[] = [];
      try {
        return await attempt(stats, () => {
          hooks = [];
          return lease((wire) => writeOn(wire, begin, scope, work, hooks));
        });
      } finally {
        // Its connection is free again by now: what follows may take its time.
        for (const hook of hooks) await hook();
      }
    },
    async ping() {
      const wire = readers[0] as Wire;
      await wire.sql.unsafe('select 1').execute();
    },
    getStats: (reset) => stats.get(reset),
    async close(timeoutMs = 5000) {
      const timeout = timeoutMs / 1000;
      await Promise.all([...readers, ...writers].map(({ sql }) => sql.end({ timeout })));
    },
  };
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
        (isConflict(cause) && tries < CONFLICT_ATTEMPTS) ||
        (isConnectionLoss(cause) && error instanceof RolledBack && tries < LOSS_ATTEMPTS);
      if (!again) throw toDatabaseError(cause);
      stats.retry();
      await Bun.sleep((0.5 + Math.random() / 2) * 20 * 2 ** tries);
    }
  }
}

function enter(wire: Wire, scope: Scope | SystemScope) {
  if (scope === 'system') return wire.sql.unsafe('set local role insightdesk_relay').execute();
  const { tenantId, userId, sessionId, role } = scope;
  const uuid = (id: Id<'org' | 'usr' | 'ses'> | undefined) => (id ? toUuid(id) : null);
  const params = [uuid(tenantId), uuid(userId), uuid(sessionId), role ?? null];
  return wire.sql
    .unsafe('select app.enter($1::uuid, $2::uuid, $3::uuid, $4)', params, { prepare: true })
    .execute();
}

async function readOn<T>(wire: Wire, scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
  const losses = wire.losses;
  const begun = wire.sql.unsafe('begin read only').execute();
  const entered = enter(wire, scope);
  wire.openSince = wire.losses;
  let worked: Promise<T>;
  try {
    // Drizzle's builders run when `then` is called: here and now, not a turn later.
    worked = work(wire.tx).then((result) => result);
  } catch (error) {
    worked = Promise.reject(error);
  } finally {
    wire.openSince = undefined;
  }
  const ended = wire.sql.unsafe('commit').execute();
  const [b, e, w, c] = await Promise.allSettled([begun, entered, worked, ended]);
  if (wire.losses !== losses) throw new RolledBack('', { cause: connectionLost() });
  for (const step of [b, e, w, c]) {
    if (step.status === 'rejected') throw new RolledBack('', { cause: step.reason });
  }
  return (w as PromiseFulfilledResult<T>).value;
}

async function writeOn<T>(
  wire: Wire,
  begin: string,
  scope: Scope | SystemScope,
  work: (tx: Tx) => Promise<T>,
  hooks: AfterCommit[],
): Promise<T> {
  const losses = wire.losses;
  wire.openSince = wire.losses;
  wire.afterCommit = hooks;
  // BEGIN and the scope ride ahead of the first query; a failure of either outranks what follows.
  const opening = Promise.all([wire.sql.unsafe(begin).execute(), enter(wire, scope)]);
  opening.catch(() => {});
  try {
    const result = await work(wire.tx);
    await opening;
    if (wire.losses !== losses) throw connectionLost();
    wire.openSince = undefined;
    return await commit(wire, result);
  } catch (error) {
    wire.openSince = undefined;
    if (error instanceof CommitFailed && isConnectionLoss(error.cause)) throw error.cause;
    // Nothing was committed, so nothing follows.
    hooks.length = 0;
    if (error instanceof CommitFailed) throw error.cause;
    const failure = await opening.then(
      () => (wire.losses === losses ? error : connectionLost()),
      (reason) => reason,
    );
    if (wire.losses === losses)
      await wire.sql
        .unsafe('rollback')
        .execute()
        .catch(() => {});
    throw new RolledBack('', { cause: failure });
  } finally {
    wire.afterCommit = undefined;
  }
}

class CommitFailed extends Error {}

async function commit<T>(wire: Wire, result: T): Promise<T> {
  const ended = await wire.sql
    .unsafe('commit')
    .execute()
    .catch((cause) => {
      throw new CommitFailed('', { cause });
    });
  if (ended.command !== 'COMMIT') {
    throw new DatabaseError('A failed statement was ignored and the transaction rolled back');
  }
  return result;
}

function createLease(wires: Wire[], timeoutMs: number, stats: QueryStats) {
  const idle = [...wires];
  const waiting: ((wire: Wire) => void)[] = [];
  const release = (wire: Wire) => {
    const next = waiting.shift();
    if (next) next(wire);
    else idle.push(wire);
  };
  const acquire = () => {
    const wire = idle.pop();
    if (wire) return wire;
    const startedAt = performance.now();
    return new Promise<Wire>((resolve, reject) => {
      const take = (free: Wire) => {
        clearTimeout(timer);
        stats.wait(performance.now() - startedAt);
        resolve(free);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(new UnavailableError('No database connection became free in time'));
      }, timeoutMs);
      waiting.push(take);
    });
  };
  return async <T>(work: (wire: Wire) => Promise<T>): Promise<T> => {
    const wire = await acquire();
    try {
      return await work(wire);
    } finally {
      release(wire);
    }
  };
}
