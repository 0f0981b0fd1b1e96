import { createAntivirus } from '@insightdesk/shared/antivirus';
import type { Config, ServiceName } from '@insightdesk/shared/config';
import { checkMailServer } from '@insightdesk/shared/email';
import { requireRelayProgress } from '@insightdesk/shared/events';
import { cacheResult, type Health, type Metrics } from '@insightdesk/shared/monitoring';
import { pingValkey } from '@insightdesk/shared/valkey';
import type { AppContainer } from './container.ts';

/** No file has this name; asking for it shows that the storage answers. */
const PROBE_KEY = 'health/probe';
const TIMEOUT_MS = 2_000;

type App = { config: Config; container: AppContainer };
type RegisterCheck = (health: Health, app: App) => void;

const queue: RegisterCheck = (health, { config: { valkey }, container }) => {
  if (valkey.queueUrl === valkey.url) return;
  health.register('queue', () => pingValkey(container.queueValkey), { isRequired: false });
};

/** Valkey with the counters of rate limits. */
const sessions: RegisterCheck = (health, { config: { valkey }, container }) => {
  if (valkey.sessionUrl === valkey.url) return;
  health.register('sessions', () => pingValkey(container.sessionValkey.valkey), {
    isRequired: false,
  });
};

const storage: RegisterCheck = (health, { container }) =>
  health.register('storage', () => container.storage.exists(PROBE_KEY), { isRequired: false });

/** Without a relay there are no events, jobs or emails, whichever service is asked. */
const relay: RegisterCheck = (health, { container }) =>
  health.register('relay', () => requireRelayProgress(container.database), { isRequired: false });

const mail: RegisterCheck = (health, { config }) =>
  health.register('mail', () => checkMailServer(config.email), { isRequired: false });

const antivirus: RegisterCheck = (health, { config }) => {
  // A separate one: in fail-open mode an unavailable scanner reports every file as clean.
  const failClosed = createAntivirus({
    ...config.antivirus,
    mode: 'fail-closed',
    connectTimeoutMs: TIMEOUT_MS,
    responseTimeoutMs: TIMEOUT_MS,
  });
  if (!failClosed.isEnabled) return;
  health.register('antivirus', () => failClosed.scan(new TextEncoder().encode('health')), {
    isRequired: false,
  });
};

/** Optional dependencies; without one a service is degraded. */
const optionalChecks: Record<ServiceName, readonly RegisterCheck[]> = {
  api: [storage, queue, sessions, relay],
  websocket: [sessions, relay],
  worker: [storage, queue, mail, antivirus, relay],
  desk: [],
};

/** These services work without Valkey; their events are published when it is back. */
const servicesWithoutValkey: readonly ServiceName[] = ['api'];

/** Registers a health check for each dependency of a service. */
export function watchDependencies(health: Health, { config, container }: App): void {
  health.register('postgres', () => container.database.ping());
  health.register('valkey', () => pingValkey(container.valkey), {
    isRequired: !servicesWithoutValkey.includes(config.service.name),
  });
  if (config.valkey.cacheUrl !== config.valkey.url) {
    health.register('cache', () => pingValkey(container.cacheConnections.valkey), {
      isRequired: false,
    });
  }
  for (const register of optionalChecks[config.service.name])
    register(health, { config, container });
}

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
