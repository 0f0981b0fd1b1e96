import type { App } from '@insightdesk/shared/boot';
import { listTopUsage } from '@insightdesk/shared/domain/tenancy/usage';
import { cacheResult } from '@insightdesk/shared/monitoring';
import { listLogBytes } from '@insightdesk/shared/realtime';

/** For each counter; every organization is a series in Prometheus. */
const MAX_ORGANIZATIONS = 20;

const REUSE_MS = 5_000;

/** Usage of the organizations with the highest usage; only on the leader. */
export function watchUsage({ metrics, container }: App, isLeader: () => boolean): void {
  const read = cacheResult(REUSE_MS, async () => {
    const usage = await listTopUsage(container.database, MAX_ORGANIZATIONS);
    const owners = usage
      .filter(({ counter }) => counter === 'events')
      .map(({ tenantId }) => tenantId);
    const bytes = await listLogBytes(container.valkey, owners);
    const logs = owners.map((tenantId, index) => ({
      tenantId,
      counter: 'log-bytes',
      value: bytes[index] ?? 0,
    }));
    return [...usage, ...logs];
  });
  metrics.gauge({
    name: 'organization_usage',
    help: 'Top organizations: usage counted today (UTC) and bytes stored now',
    read: async () =>
      isLeader()
        ? (await read()).map(
            ({ tenantId, counter, value }) => [{ organization: tenantId, counter }, value] as const,
          )
        : [],
  });
}
