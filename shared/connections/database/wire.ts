import { DatabaseError } from '@insightdesk/shared/errors';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import type { QueryStats } from './stats.ts';

/** The query builder of one open transaction: typed and scoped to its tenant. */
export type Tx = PostgresJsDatabase;

/** One PostgreSQL connection whose statements leave in the order in which they were issued. */
export interface Wire {
  sql: Sql;
  tx: Tx;
  /** The value of `losses` at BEGIN; statements are refused outside BEGIN and COMMIT. */
  openSince: number | undefined;
  /** How often the connection was lost; a transaction that sees it change is void. */
  losses: number;
  /** What the open write transaction wants done once it is committed. */
  afterCommit: AfterCommit[] | undefined;
}

/** Work for after a COMMIT. */
export type AfterCommit = () => Promise<void> | void;

export interface WireOptions {
  url: string;
  timeoutMs: number;
  /** False behind a pooler without support for prepared statements. */
  prepare: boolean;
  stats: QueryStats;
}

const wireOf = new WeakMap<Tx, Wire>();

/**
 * Runs `work` once the open write transaction is committed, or may have been: its outcome is unknown
 * when the connection is lost at COMMIT. Never after a rollback; not at all if the process dies in
 * between. It must not throw; the write is answered when it is done.
 */
export function afterCommit(tx: Tx, work: AfterCommit): void {
  const hooks = wireOf.get(tx)?.afterCommit;
  if (!hooks) throw new Error('afterCommit is for an open write transaction');
  hooks.push(work);
}

/** Builds a wire; it connects on first use and reconnects by itself. */
export function createWire({ url, timeoutMs, prepare, stats }: WireOptions): Wire {
  const onclose = () => {
    wire.losses++;
  };
  const sql = connect(url, { timeoutMs, prepare, onclose });
  // Drizzle needs `options` and `unsafe` of its client. Executing at once, not on first await,
  // makes the order on the wire the order of the calls.
  const client = {
    options: sql.options,
    unsafe(query: string, params: never[]) {
      if (wire.openSince === undefined) throw new LateQueryError();
      if (wire.openSince !== wire.losses) throw connectionLost();
      return stats.observe(
        query,
        sql.unsafe(query, params, { prepare, simple: false } as object).execute(),
      );
    },
  };
  const wire: Wire = {
    sql,
    tx: drizzle(client as unknown as Sql),
    openSince: undefined,
    losses: 0,
    afterCommit: undefined,
  };
  wireOf.set(wire.tx, wire);
  return wire;
}

/** A single raw connection with the house's timeouts. */
export function connect(
  url: string,
  options: { timeoutMs: number; prepare?: boolean; role?: string; onclose?: () => void },
): Sql {
  return postgres(url, {
    max: 1,
    // Transactions here are plain statements: a connection retired in the middle would void one.
    max_lifetime: 0,
    prepare: options.prepare ?? true,
    connect_timeout: Math.ceil(options.timeoutMs / 1000),
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 2) * (0.5 + Math.random() / 2),
    onnotice: () => {},
    ...(options.onclose && { onclose: options.onclose }),
    connection: {
      application_name: 'insightdesk',
      statement_timeout: options.timeoutMs,
      idle_in_transaction_session_timeout: options.timeoutMs,
      ...(options.role && { role: options.role }),
    },
  });
}

/** What a transaction meets when its connection goes away under it. */
export const connectionLost = (): Error =>
  Object.assign(new Error('The connection to PostgreSQL was lost'), { code: 'CONNECTION_LOST' });

/** A programming error: a read may only issue queries before its first await, by `.execute()`. */
class LateQueryError extends DatabaseError {
  constructor() {
    super('A query was issued outside its transaction: call .execute() before the first await', {
      code: 'LATE_QUERY',
      status: 500,
      retryable: false,
    });
  }
}
