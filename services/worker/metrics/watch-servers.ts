import type { App } from '@insightdesk/shared/boot';
import { type Figure, reuse } from '@insightdesk/shared/monitoring';

/** It adds up the sizes of files. */
const REUSE_MS = 10_000;

/** Shows how PostgreSQL and the Valkeys are; every worker says the same. */
export function watchServers({ metrics, servers }: Pick<App, 'metrics' | 'servers'>): void {
  const postgres = reuse(REUSE_MS, servers.postgres);
  const valkeys = reuse(REUSE_MS, servers.valkeys);
  type Postgres = Awaited<ReturnType<typeof postgres>>;
  type Valkey = Awaited<ReturnType<typeof valkeys>>[string];
  const ofPostgres = (name: string, help: string, value: (one: Postgres) => number) =>
    metrics.level({ name, help, read: async () => value(await postgres()) });
  const ofValkeys = (name: string, help: string, value: (one: Valkey) => number): Figure => ({
    name,
    help,
    read: async () =>
      Object.entries(await valkeys()).map(([server, one]) => [{ server }, value(one)] as const),
  });
  ofPostgres('postgres_connections', 'Connections to PostgreSQL', (p) => p.connections);
  ofPostgres('postgres_max_connections', 'How many it takes', (p) => p.maxConnections);
  ofPostgres('postgres_size_bytes', 'Size of the database on disk', (p) => p.sizeBytes);
  const levels = [
    ofValkeys('valkey_memory_bytes', 'Memory in use', (v) => v.memoryBytes),
    ofValkeys('valkey_memory_limit_bytes', 'How much it may use', (v) => v.memoryLimitBytes),
    ofValkeys('valkey_clients', 'Connections', (v) => v.clients),
    ofValkeys('valkey_persisting', 'Whether its last write reached its file', (v) =>
      Number(v.isPersisting),
    ),
  ];
  const totals = [
    ofValkeys('valkey_commands_total', 'Commands', (v) => v.commands),
    ofValkeys('valkey_evicted_keys_total', 'Keys that had to go', (v) => v.evictedKeys),
    ofValkeys('valkey_refused_clients_total', 'Connections refused', (v) => v.refusedClients),
  ];
  for (const level of levels) metrics.level(level);
  for (const total of totals) metrics.total(total);
}
