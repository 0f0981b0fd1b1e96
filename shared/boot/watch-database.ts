import type { CacheSource } from '@insightdesk/shared/cache';
import type { Database, DatabaseStats, PoolStatus } from '@insightdesk/shared/database';
import type { Metrics } from '@insightdesk/shared/monitoring';

type Counted = 'transactions' | 'retries' | 'slowQueries' | 'waits' | 'totalWaitMs';

const totals: Record<Counted, readonly [name: string, help: string, factor?: number]> = {
  transactions: ['database_transactions_total', 'Transactions, including retries'],
  retries: ['database_retries_total', 'Retried transactions'],
  slowQueries: ['database_slow_statements_total', 'Statements over DATABASE_SLOW_QUERY_MS'],
  waits: ['database_waits_total', 'Waits for a free connection'],
  totalWaitMs: ['database_wait_seconds_total', 'Total time of waits for a free connection', 1e-3],
};

const levels: Record<keyof Omit<PoolStatus, 'name'>, string> = {
  size: 'Maximum number of connections',
  open: 'Open connections',
  busy: 'Connections in use',
  waiting: 'Transactions that wait for a connection',
};

export function watchDatabase(
  metrics: Metrics,
  logins: () => Readonly<Record<string, Database>>,
): void {
  const readEach = <T>(read: (database: Database) => T) =>
    Object.entries(logins()).map(([login, database]) => [{ login }, read(database)] as const);
  for (const [key, [name, help, factor = 1]] of Object.entries(totals)) {
    const read = ({ getStats }: Database) => getStats()[key as keyof DatabaseStats] * factor;
    metrics.counter({ name, help, read: () => readEach(read) });
  }
  for (const [key, help] of Object.entries(levels)) {
    const name = `database_pool_${key}`;
    const read = () =>
      readEach(({ pools }) => pools).flatMap(([labels, pools]) =>
        pools.map(
          (pool) => [{ ...labels, pool: pool.name }, pool[key as keyof typeof levels]] as const,
        ),
      );
    metrics.gauge({ name, help, read });
  }
  metrics.gauge({
    name: 'database_oldest_wait_seconds',
    help: 'Age of the oldest wait for a connection',
    read: () => readEach(({ getStats }) => getStats().oldestWaitMs / 1_000),
  });
  watchStatements(metrics, logins);
}

/** Exports metrics of named statements; each belongs to one login. */
function watchStatements(metrics: Metrics, logins: () => Readonly<Record<string, Database>>) {
  metrics.histogram(
    { name: 'database_statement_duration_seconds', help: 'Duration of statements by name' },
    {
      samples: (name) =>
        Object.entries(logins()).flatMap(([login, { statements }]) =>
          statements.statements
            .samples(name)
            .map((sample) => ({ ...sample, labels: { ...sample.labels, login } })),
        ),
    },
  );
  metrics.counter({
    name: 'database_statement_errors_total',
    help: 'Failed statements by name',
    read: () =>
      Object.entries(logins()).flatMap(([login, { statements }]) =>
        Array.from(statements.failures, ([statement, n]) => [{ login, statement }, n] as const),
      ),
  });
}

export function watchCache(metrics: Metrics, cache: CacheSource): void {
  metrics.counter({
    name: 'cache_requests_total',
    help: 'Cache lookups by outcome; stale values had expired and were served anyway',
    read() {
      const { hits, misses, stale } = cache.getStats();
      return [
        [{ outcome: 'hit' }, hits],
        [{ outcome: 'miss' }, misses],
        [{ outcome: 'stale' }, stale],
      ];
    },
  });
  metrics.gauge({
    name: 'cache_values',
    help: 'Values in the memory cache of this process',
    read: () => cache.getStats().size,
  });
}
