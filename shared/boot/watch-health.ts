import { type Health, type Metrics, reuse } from '@insightdesk/shared/monitoring';

const REUSE_MS = 1_000;

/** Shows what health says of each dependency. */
export function watchHealth(metrics: Metrics, health: Pick<Health, 'check'>): void {
  const ask = reuse(REUSE_MS, async () => {
    const { checks } = await health.check({ isWaiting: false });
    return Object.entries(checks);
  });
  metrics.level({
    name: 'dependency_healthy',
    help: 'Whether what this service depends on answers',
    read: async () =>
      (await ask()).map(([dependency, { healthy }]) => [{ dependency }, Number(healthy)] as const),
  });
  metrics.level({
    name: 'dependency_latency_seconds',
    help: 'How long it took to answer, or to be given up',
    read: async () =>
      (await ask()).map(
        ([dependency, { latencyMs }]) => [{ dependency }, latencyMs / 1_000] as const,
      ),
  });
}
