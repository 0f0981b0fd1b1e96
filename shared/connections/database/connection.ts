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
  /** Shared by all reads: each is open for one turn of the event loop. */
  readonly readTransaction: Transaction;
  /** A write transaction of its own: statements after its end never join the next one. */
  begin(hooks: AfterCommit[], channels: Set<string>): Transaction;
  /** Sends a statement, inside or outside a transaction. */
  send<R>(query: string, parameters: readonly unknown[], shape: Shape<R>): Promise<Rows<R>>;
}

/** A transaction on a connection. */
export interface Transaction {
  readonly connection: Connection;
  readonly tx: Tx;
  /** The pipeline's `losses` at BEGIN; statements are refused outside BEGIN and COMMIT. */
  openSince: number | undefined;
  /** Hooks for after the commit; undefined for reads. */
  readonly afterCommit: AfterCommit[] | undefined;
  /** Channels to notify after the commit; undefined for reads. */
  readonly channels: Set<string> | undefined;
  /** The failure of a statement that only COMMIT waits for. */
  failure: unknown;
}

const transactions = new WeakMap<Tx, Transaction>();

/** The open transaction; throws when it has ended. */
export function requireOpenTransaction(tx: Tx): Transaction {
  const transaction = transactions.get(tx);
  if (transaction?.openSince === undefined) throw new LateQueryError();
  if (transaction.openSince !== transaction.connection.pipeline.losses) throw connectionLost();
  return transaction;
}

/**
 * Runs `work` after the open write transaction is committed, or may have been: the outcome is unknown
 * when the connection is lost at COMMIT. Never after a rollback; not at all if the process dies in
 * between. It must not throw; the write resolves when it is done.
 */
export function afterCommit(tx: Tx, work: AfterCommit): void {
  const hooks = requireOpenTransaction(tx).afterCommit;
  if (!hooks) throw new Error('afterCommit is for an open write transaction');
  hooks.push(work);
}

/**
 * Notifies listeners of the channel after the open write transaction is committed; not at all if the
 * process dies in between, so that listeners must also poll.
 */
export function notifyAfterCommit(tx: Tx, channel: string): void {
  const { channels } = requireOpenTransaction(tx);
  if (!channels) throw new Error('notifyAfterCommit is for an open write transaction');
  channels.add(channel);
}

/**
 * Does not wait for a statement of a write transaction: it is sent with the next one or with COMMIT.
 * When it fails, nothing is committed and the transaction throws its error.
 */
export function withCommit(tx: Tx, statement: Promise<unknown>): void {
  const transaction = requireOpenTransaction(tx);
  statement.catch((error) => {
    transaction.failure ??= error;
  });
}

/** Receives every statement of a transaction before it is sent. */
export type ObserveStatement = (query: string, parameters: readonly unknown[]) => void;

/** Builds a connection; it connects on first use and reconnects by itself. */
export function createConnection({
  stats,
  observe,
  ...options
}: PipelineOptions & { stats: QueryStats; observe?: ObserveStatement | undefined }): Connection {
  const pipeline = new Pipeline(options);

  function issue<R>(query: string, parameters: readonly unknown[], shape: Shape<R>) {
    const { promise, resolve, reject } = Promise.withResolvers<Rows<R>>();
    const startedAt = performance.now();
    const call = pipeline.issue(query, parameters.map(encode), shape, (failure, rows) => {
      stats.query(query, performance.now() - startedAt, failure !== undefined);
      if (failure === undefined) return resolve(rows as Rows<R>);
      // The caller awaits one of the statements that fail together; the others must not be unhandled.
      promise.catch(() => {});
      reject(failure);
    });
    return { promise, call };
  }

  // The part of a postgres.js client that Drizzle's driver uses.
  const clientOf = (transaction: Pick<Transaction, 'tx'>) => ({
    options: { parsers: {}, serializers: {} },
    unsafe(query: string, parameters: readonly unknown[]) {
      requireOpenTransaction(transaction.tx);
      observe?.(query, parameters);
      const { promise, call } = issue(query, parameters, toRowObject);
      const values = () => {
        call.shape = toValues;
        return promise;
      };
      return Object.assign(promise, { values });
    },
  });

  /** A query builder costs 20 us: those of transactions share one and differ in their session. */
  function open(afterCommit?: AfterCommit[], channels?: Set<string>): Transaction {
    const tx: Tx = Object.create(base as object);
    const transaction: Transaction = {
      connection,
      tx,
      openSince: undefined,
      afterCommit,
      channels,
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
    get readTransaction() {
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
export const toRowObject: Shape<Record<string, unknown>> = (texts, columns) => {
  const row: Record<string, unknown> = {};
  for (const [at, { name, decode }] of columns.entries()) {
    const text = texts[at] ?? null;
    row[name] = text === null ? null : decode(text);
  }
  return row;
};

const toValues: Shape<unknown[]> = (texts, columns) =>
  texts.map((text, at) => (text === null ? null : columns[at]?.decode(text)));

/** A programming error: a read issues its queries before its first await, by `.execute()`. */
class LateQueryError extends DatabaseError {
  constructor() {
    super('The query was issued outside its transaction: call .execute() before the first await', {
      code: 'LATE_QUERY',
      status: 500,
      retryable: false,
    });
  }
}
