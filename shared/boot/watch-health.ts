import { cacheResult, type Health, type Metrics } from '@insightdesk/shared/monitoring';

const CACHE_MS = 1_000;

export function watchHealth(metrics: Metrics, health: Pick<Health, 'check'>): void {
  const listChecks = cacheResult(CACHE_MS, async () => {
    const { checks } = await health.check({ isWaiting: false });
    return Object.entries(checks);
  });
  metrics.gauge({
    name: 'dependency_healthy',
    help: 'Whether the dependency is healthy',
    read: async () =>
      (await listChecks()).map(
        ([dependency, { healthy }]) => [{ dependency }, Number(healthy)] as const,
      ),
  });
  metrics.gauge({
    name: 'dependency_latency_seconds',
    help: 'Duration of the health check',
    read: async () =>
      (await listChecks()).map(
        ([dependency, { latencyMs }]) => [{ dependency }, latencyMs / 1_000] as const,
      ),
  });
}
