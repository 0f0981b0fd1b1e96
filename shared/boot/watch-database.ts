import type { Database, DatabaseStats, Pool } from '@insightdesk/shared/database';
import type { Metrics } from '@insightdesk/shared/monitoring';

type Counted = 'transactions' | 'retries' | 'slowQueries' | 'waits' | 'totalWaitMs';

const totals: Record<Counted, readonly [name: string, help: string, factor?: number]> = {
  transactions: ['database_transactions_total', 'Transactions, those tried again included'],
  retries: ['database_retries_total', 'Transactions that were tried again'],
  slowQueries: ['database_slow_statements_total', 'Statements over DATABASE_SLOW_QUERY_MS'],
  waits: ['database_waits_total', 'Times that somebody had to wait for a connection'],
  totalWaitMs: ['database_wait_seconds_total', 'How long they waited, all together', 1e-3],
};

const levels: Record<keyof Omit<Pool, 'name'>, string> = {
  size: 'Connections that there may be',
  open: 'Connections that there are',
  busy: 'Connections that have something to do',
  waiting: 'Who waits for a connection of their own',
};

/** Shows how the database is used, by whose login. */
export function watchDatabase(
  metrics: Metrics,
  logins: () => Readonly<Record<string, Database>>,
): void {
  const ofEach = <T>(read: (database: Database) => T) =>
    Object.entries(logins()).map(([login, database]) => [{ login }, read(database)] as const);
  for (const [key, [name, help, factor = 1]] of Object.entries(totals)) {
    const read = ({ getStats }: Database) => getStats()[key as keyof DatabaseStats] * factor;
    metrics.total({ name, help, read: () => ofEach(read) });
  }
  for (const [key, help] of Object.entries(levels)) {
    const name = `database_pool_${key}`;
    const read = () =>
      ofEach(({ pools }) => pools).flatMap(([labels, pools]) =>
        pools.map(
          (pool) => [{ ...labels, pool: pool.name }, pool[key as keyof typeof levels]] as const,
        ),
      );
    metrics.level({ name, help, read });
  }
  metrics.level({
    name: 'database_oldest_wait_seconds',
    help: 'How long who waits for a connection has been waiting',
    read: () => ofEach(({ getStats }) => getStats().oldestWaitMs / 1_000),
  });
  watchStatements(metrics, logins);
}

/** Of whichever login: a statement belongs to one. */
function watchStatements(metrics: Metrics, logins: () => Readonly<Record<string, Database>>) {
  metrics.durations(
    {
      name: 'database_statement_duration_seconds',
      help: 'From a statement to its answer, by name',
    },
    {
      samples: (name) =>
        Object.entries(logins()).flatMap(([login, { statements }]) =>
          statements.statements
            .samples(name)
            .map((sample) => ({ ...sample, labels: { ...sample.labels, login } })),
        ),
    },
  );
  metrics.total({
    name: 'database_statement_errors_total',
    help: 'Statements that failed, by name',
    read: () =>
      Object.entries(logins()).flatMap(([login, { statements }]) =>
        Array.from(statements.failures, ([statement, n]) => [{ login, statement }, n] as const),
      ),
  });
}
