import { AsyncLocalStorage } from 'node:async_hooks';
import { type Span, withSpan } from '@insightdesk/shared/tracing';
import type { Database } from './database.ts';
import { statementName } from './statement-name.ts';

/** The statements of a transaction so far. */
interface TransactionSummary {
  count: number;
  summaries: string[];
}

const MAX_SUMMARIES = 12;
/** Statements that begin and end every transaction. */
const BOUNDARY = /^(begin|commit|rollback|set|select app\.authorize)\b/;

const storage = new AsyncLocalStorage<TransactionSummary>();

/** Adds the statement to the summary of its transaction, without parameters. */
export function recordStatement(query: string): void {
  const transaction = storage.getStore();
  if (!transaction) return;
  transaction.count++;
  if (transaction.summaries.length >= MAX_SUMMARIES) return;
  const name = statementName(query);
  if (!BOUNDARY.test(name)) transaction.summaries.push(name);
}

/** Adds a span around each transaction, with its statements from `recordStatement`. */
export function tracedDatabase(database: Database): Database {
  const traced = <T>(name: string, run: () => Promise<T>): Promise<T> =>
    withSpan({ name, kind: 'client', attributes: { 'db.system.name': 'postgresql' } }, (span) =>
      span.isRecorded
        ? storage.run({ count: 0, summaries: [] }, () => runWithSummary(span, run))
        : run(),
    );
  return {
    ...database,
    read: (scope, work, options) => traced('sql read', () => database.read(scope, work, options)),
    write: (scope, work, options) =>
      traced('sql write', () => database.write(scope, work, options)),
  };
}

async function runWithSummary<T>(span: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    const { count = 0, summaries = [] } = storage.getStore() ?? {};
    span.set({ 'db.operation.batch.size': count, 'db.query.summary': summaries.join('; ') });
  }
}
