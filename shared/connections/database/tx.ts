import { DatabaseError } from '@insightdesk/shared/errors';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import {
  connectionLost,
  Pipeline,
  type PipelineOptions,
  type Rows,
  type Shape,
} from './pipeline/pipeline.ts';
import { encode } from './pipeline/values.ts';
import type { QueryStats } from './stats.ts';

/** The query builder of one open transaction: typed and scoped to its tenant. */
export type Tx = PostgresJsDatabase;

/** Work for after a COMMIT. */
export type AfterCommit = () => Promise<void> | void;

/** A pipelined connection. */
export interface Connection {
  readonly pipeline: Pipeline;
  /** What all reads share: each is open for one turn of the event loop only. */
  readonly reading: Transaction;
  /** A write transaction of its own: what it issues once it has ended never joins the next one. */
  begin(hooks: AfterCommit[], notices: Set<string>): Transaction;
  /** Issues a statement, whatever is open. */
  send<R>(query: string, parameters: readonly unknown[], shape: Shape<R>): Promise<Rows<R>>;
}

/** A transaction on a connection. */
export interface Transaction {
  readonly connection: Connection;
  readonly tx: Tx;
  /** The pipeline's `losses` at BEGIN; statements are refused outside BEGIN and COMMIT. */
  openSince: number | undefined;
  /** What it wants done once it is committed. */
  readonly afterCommit: AfterCommit[] | undefined;
  /** Channels whose listeners it wakes. */
  readonly notices: Set<string> | undefined;
  /** Why one of the statements failed that nobody waits for but COMMIT. */
  failure: unknown;
}

const transactions = new WeakMap<Tx, Transaction>();

/** The open transaction; refuses what comes too late. */
export function requireOpen(tx: Tx): Transaction {
  const transaction = transactions.get(tx);
  if (transaction?.openSince === undefined) throw new LateQueryError();
  if (transaction.openSince !== transaction.connection.pipeline.losses) throw connectionLost();
  return transaction;
}

/**
 * Runs `work` once the open write transaction is committed, or may have been: its outcome is unknown
 * when the connection is lost at COMMIT. Never after a rollback; not at all if the process dies in
 * between. It must not throw; the write is answered when it is done.
 */
export function afterCommit(tx: Tx, work: AfterCommit): void {
  const hooks = requireOpen(tx).afterCommit;
  if (!hooks) throw new Error('afterCommit is for an open write transaction');
  hooks.push(work);
}

/**
 * Wakes whoever LISTENs on the channel once the open write transaction is committed; like afterCommit
 * not at all if the process dies in between, so that listeners have to look by themselves too.
 */
export function notifyAfterCommit(tx: Tx, channel: string): void {
  const notices = requireOpen(tx).notices;
  if (!notices) throw new Error('notifyAfterCommit is for an open write transaction');
  notices.add(channel);
}

/**
 * Leaves a statement of a write transaction to its COMMIT, with which it may travel: when it fails
 * nothing is committed, and the transaction throws what it threw.
 */
export function withCommit(tx: Tx, statement: Promise<unknown>): void {
  const transaction = requireOpen(tx);
  statement.catch((error) => {
    transaction.failure ??= error;
  });
}

/** Told of every statement that a transaction issues, before it leaves. */
export type Observe = (query: string, parameters: readonly unknown[]) => void;

/** Builds a connection; it connects on first use and reconnects by itself. */
export function createConnection({
  stats,
  observe,
  ...options
}: PipelineOptions & { stats: QueryStats; observe?: Observe | undefined }): Connection {
  const pipeline = new Pipeline(options);

  function issue<R>(query: string, parameters: readonly unknown[], shape: Shape<R>) {
    const { promise, resolve, reject } = Promise.withResolvers<Rows<R>>();
    const startedAt = performance.now();
    const call = pipeline.issue(query, parameters.map(encode), shape, (failure, rows) => {
      stats.query(query, performance.now() - startedAt, failure !== undefined);
      if (failure === undefined) return resolve(rows as Rows<R>);
      // Of statements that fail together one is waited for; the others are nobody's.
      promise.catch(() => {});
      reject(failure);
    });
    return { promise, call };
  }

  // What Drizzle's driver for postgres.js needs of its client.
  const clientOf = (transaction: Pick<Transaction, 'tx'>) => ({
    options: { parsers: {}, serializers: {} },
    unsafe(query: string, parameters: readonly unknown[]) {
      requireOpen(transaction.tx);
      observe?.(query, parameters);
      const { promise, call } = issue(query, parameters, toObject);
      const values = () => {
        call.shape = toValues;
        return promise;
      };
      return Object.assign(promise, { values });
    },
  });

  /** A builder costs 20 us to make: each transaction's differs in where its statements go only. */
  function open(afterCommit?: AfterCommit[], notices?: Set<string>): Transaction {
    const tx: Tx = Object.create(base as object);
    const transaction: Transaction = {
      connection,
      tx,
      openSince: undefined,
      afterCommit,
      notices,
      failure: undefined,
    };
    const session = Object.create(baseSession, { client: { value: clientOf(transaction) } });
    Object.defineProperty(tx, 'session', { value: session });
    transactions.set(tx, transaction);
    return transaction;
  }

  const base: unknown = drizzle(clientOf({ tx: undefined as never }) as unknown as Sql);
  const { session: baseSession } = base as { session: object };
  const connection: Connection = {
    pipeline,
    get reading() {
      return reading;
    },
    begin: open,
    send(query, parameters, shape) {
      observe?.(query, parameters);
      return issue(query, parameters, shape).promise;
    },
  };
  const reading = open();
  return connection;
}

/** Rows as objects by the names of their columns. */
export const toObject: Shape<Record<string, unknown>> = (texts, columns) => {
  const row: Record<string, unknown> = {};
  for (const [at, { name, decode }] of columns.entries()) {
    const text = texts[at] ?? null;
    row[name] = text === null ? null : decode(text);
  }
  return row;
};

const toValues: Shape<unknown[]> = (texts, columns) =>
  texts.map((text, at) => (text === null ? null : columns[at]?.decode(text)));

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
