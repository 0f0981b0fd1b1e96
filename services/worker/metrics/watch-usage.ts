import type { App } from '@insightdesk/shared/boot';
import { busiest } from '@insightdesk/shared/domain/tenancy/usage';
import { reuse } from '@insightdesk/shared/monitoring';
import { heldBytes } from '@insightdesk/shared/realtime';

/** Of each counter: an organisation more is a series more, for as long as Prometheus remembers. */
const MOST = 20;

const REUSE_MS = 5_000;

/** Shows who uses most; the leading worker alone. */
export function watchUsage({ metrics, parts }: App, isLeader: () => boolean): void {
  const read = reuse(REUSE_MS, async () => {
    const used = await busiest(parts.database, MOST);
    const owners = used.filter(({ counter }) => counter === 'events').map((one) => one.tenantId);
    const bytes = await heldBytes(parts.valkey, owners);
    const logs = owners.map((tenantId, at) => ({
      tenantId,
      counter: 'log-bytes',
      value: bytes[at] ?? 0,
    }));
    return [...used, ...logs];
  });
  metrics.level({
    name: 'organization_usage',
    help: 'Of those who use most: what was counted today (UTC), and the bytes they hold now',
    read: async () =>
      isLeader()
        ? (await read()).map(
            ({ tenantId, counter, value }) => [{ organization: tenantId, counter }, value] as const,
          )
        : [],
  });
}
