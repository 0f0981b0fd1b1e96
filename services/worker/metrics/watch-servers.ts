import type { App } from '@insightdesk/shared/boot';
import { cacheResult, type MetricDefinition } from '@insightdesk/shared/monitoring';

/** PostgreSQL adds up file sizes. */
const REUSE_MS = 10_000;

/** Metrics of PostgreSQL and the Valkey servers; the same on every worker. */
export function watchServers({ metrics, serverStats }: Pick<App, 'metrics' | 'serverStats'>): void {
  const postgres = cacheResult(REUSE_MS, serverStats.postgres);
  const valkeys = cacheResult(REUSE_MS, serverStats.valkey);
  type Postgres = Awaited<ReturnType<typeof postgres>>;
  type Valkey = Awaited<ReturnType<typeof valkeys>>[string];
  const postgresGauge = (name: string, help: string, value: (stats: Postgres) => number) =>
    metrics.gauge({ name, help, read: async () => value(await postgres()) });
  const valkeyMetric = (
    name: string,
    help: string,
    value: (stats: Valkey) => number,
  ): MetricDefinition => ({
    name,
    help,
    read: async () =>
      Object.entries(await valkeys()).map(([server, stats]) => [{ server }, value(stats)] as const),
  });
  postgresGauge('postgres_connections', 'Connections to PostgreSQL', (p) => p.connections);
  postgresGauge(
    'postgres_max_connections',
    'Connection limit of PostgreSQL',
    (p) => p.maxConnections,
  );
  postgresGauge('postgres_size_bytes', 'Size of the database on disk', (p) => p.sizeBytes);
  const levels = [
    valkeyMetric('valkey_memory_bytes', 'Memory in use', (v) => v.memoryBytes),
    valkeyMetric('valkey_memory_limit_bytes', 'Memory limit', (v) => v.memoryLimitBytes),
    valkeyMetric('valkey_clients', 'Connections', (v) => v.clients),
    valkeyMetric('valkey_persisting', 'Whether the last write to disk succeeded', (v) =>
      Number(v.isPersisting),
    ),
  ];
  const totals = [
    valkeyMetric('valkey_commands_total', 'Commands', (v) => v.commands),
    valkeyMetric('valkey_evicted_keys_total', 'Evicted keys', (v) => v.evictedKeys),
    valkeyMetric('valkey_refused_clients_total', 'Connections refused', (v) => v.rejectedClients),
  ];
  for (const level of levels) metrics.gauge(level);
  for (const total of totals) metrics.counter(total);
}
