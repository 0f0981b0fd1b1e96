import { DatabaseError } from '@insightdesk/shared/errors';
import {
  type AfterCommit,
  type Connection,
  type Transaction,
  type Tx,
  toRowObject,
  withCommit,
} from './connection.ts';
import {
  isConflict,
  isConnectionLoss,
  isReauthorizationRequired,
  isStaleStatement,
  toDatabaseError,
} from './database-errors.ts';
import { connectionLost } from './pipeline/pipeline.ts';
import type { QueryStats } from './stats.ts';
import { type ScopeRequest, setScope } from './transaction-scope.ts';

const CONFLICT_ATTEMPTS = 5;
/** A server that shuts a connection down reports it before it closes it: one attempt may meet each. */
const LOSS_ATTEMPTS = 3;
const BACKOFF_MS = 20;

/** Marks a failure with a known outcome: nothing was committed. */
class RolledBackError extends Error {}

/** Runs a transaction again after conflicts, and after connection losses that committed nothing. */
export async function withRetries<T>(stats: QueryStats, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    stats.transaction();
    try {
      return await run();
    } catch (error) {
      const cause = error instanceof RolledBackError ? error.cause : error;
      const isRetryable =
        ((isConflict(cause) || isStaleStatement(cause) || isReauthorizationRequired(cause)) &&
          attempt < CONFLICT_ATTEMPTS) ||
        (isConnectionLoss(cause) && error instanceof RolledBackError && attempt < LOSS_ATTEMPTS);
      if (!isRetryable) throw toDatabaseError(cause);
      stats.retry();
      if (isReauthorizationRequired(cause)) continue;
      await Bun.sleep((0.5 + Math.random() / 2) * BACKOFF_MS * 2 ** attempt);
    }
  }
}

/** Statements up to the end of a batch are one transaction: neither BEGIN nor COMMIT is needed. */
export async function runRead<T>(
  connection: Connection,
  { onWork, ...scopeRequest }: ScopeRequest & { onWork(ms: number): void },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { pipeline, readTransaction } = connection;
  const ended = Promise.withResolvers<unknown>();
  let result: Promise<T>;
  try {
    setScope(connection, scopeRequest).catch(() => {});
    readTransaction.openSince = pipeline.losses;
    // Drizzle's builders run when `then` is called: now, and not a turn later.
    result = work(readTransaction.tx).then((value) => value);
  } catch (error) {
    result = Promise.reject(error);
  } finally {
    readTransaction.openSince = undefined;
    pipeline.endBatch((failure, workMs) => {
      onWork(workMs);
      ended.resolve(failure);
    });
  }
  const [outcome] = await Promise.allSettled([result]);
  const failure = await ended.promise;
  if (failure !== undefined) throw new RolledBackError('', { cause: failure });
  if (outcome.status === 'rejected') throw new RolledBackError('', { cause: outcome.reason });
  return outcome.value;
}

export interface WriteRun {
  /** The statement that begins the transaction. */
  begin: string;
  scopeRequest: ScopeRequest | 'system';
  /** Hooks for after the commit; emptied when nothing was committed. */
  hooks: AfterCommit[];
  /** Channels to notify after the commit; emptied when nothing was committed, and when COMMIT notifies. */
  channels: Set<string>;
  /** Whether no other write is running in this process. */
  isAlone(): boolean;
}

/** One attempt of a write. */
export async function runWrite<T>(
  connection: Connection,
  { begin, scopeRequest, hooks, channels, isAlone }: WriteRun,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { pipeline } = connection;
  const { losses } = pipeline;
  const transaction = connection.begin(hooks, channels);
  const { tx } = transaction;
  transaction.openSince = losses;
  try {
    // BEGIN and the scope travel with the first query; a failure of either outranks later ones.
    withCommit(tx, connection.send(begin, [], toRowObject));
    if (scopeRequest !== 'system') withCommit(tx, setScope(connection, scopeRequest));
    const result = await work(tx);
    if (pipeline.losses !== losses) throw connectionLost();
    if (isAlone()) notifyWithCommit(transaction, channels);
    transaction.openSince = undefined;
    await commit(connection);
    return result;
  } catch (error) {
    transaction.openSince = undefined;
    if (error instanceof CommitFailedError && isConnectionLoss(error.cause)) throw error.cause;
    hooks.length = 0;
    channels.clear();
    const isLost = pipeline.losses !== losses;
    if (!isLost) await rollback(connection);
    const cause = error instanceof CommitFailedError ? error.cause : error;
    throw new RolledBackError('', {
      cause: transaction.failure ?? (isLost ? connectionLost() : cause),
    });
  }
}

/**
 * COMMITs with a notification run one after the other, disk included: concurrent writes notify
 * afterwards, a write without concurrent ones saves a round trip.
 */
function notifyWithCommit({ connection, tx }: Transaction, channels: Set<string>): void {
  for (const channel of channels) {
    withCommit(tx, connection.send(`select pg_notify($1, '')`, [channel], toRowObject));
  }
  channels.clear();
}

/** In a batch of its own: the server skips statements that share one with a failed statement. */
async function rollback({ pipeline, send }: Connection): Promise<void> {
  try {
    pipeline.endBatch(() => {});
    await send('rollback', [], toRowObject);
  } catch {
    // The connection is lost, and the transaction with it.
  }
}

class CommitFailedError extends Error {}

async function commit(connection: Connection): Promise<void> {
  const { command } = await connection.send('commit', [], toRowObject).catch((cause) => {
    throw new CommitFailedError('', { cause });
  });
  if (command === 'COMMIT') return;
  throw new DatabaseError('A failed statement was ignored and the transaction rolled back');
}
