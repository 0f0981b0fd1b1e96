import { AsyncLocalStorage } from 'node:async_hooks';
import { type Span, span } from '@insightdesk/shared/tracing';
import type { Database } from './database.ts';
import { nameOf } from './statement-names.ts';

/** What a transaction has issued so far. */
interface Issued {
  count: number;
  summaries: string[];
}

const MAX_SUMMARIES = 12;
/** What begins and ends a transaction says nothing about it. */
const SURROUNDING = /^(begin|commit|rollback|set|select app\.enter\w*)\b/;

const storage = new AsyncLocalStorage<Issued>();

/** Counts the statement to its transaction; parameters are nobody's business. */
export function noteStatement(query: string): void {
  const issued = storage.getStore();
  if (!issued) return;
  issued.count++;
  if (issued.summaries.length >= MAX_SUMMARIES) return;
  const summary = nameOf(query);
  if (!SURROUNDING.test(summary)) issued.summaries.push(summary);
}

/** The same with a span around each transaction, whose statements told `noteStatement`. */
export function tracedDatabase(database: Database): Database {
  const traced = <T>(name: string, run: () => Promise<T>): Promise<T> =>
    span({ name, kind: 'client', attributes: { 'db.system.name': 'postgresql' } }, (one) =>
      one.isRecorded ? storage.run({ count: 0, summaries: [] }, () => told(one, run)) : run(),
    );
  return {
    ...database,
    read: (scope, work, options) => traced('sql read', () => database.read(scope, work, options)),
    write: (scope, work, options) =>
      traced('sql write', () => database.write(scope, work, options)),
  };
}

async function told<T>(one: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    const { count = 0, summaries = [] } = storage.getStore() ?? {};
    one.set({ 'db.operation.batch.size': count, 'db.query.summary': summaries.join('; ') });
  }
}
