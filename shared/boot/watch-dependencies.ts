import { createAntivirus } from '@insightdesk/shared/antivirus';
import type { Config, ServiceName } from '@insightdesk/shared/config';
import { checkMailServer } from '@insightdesk/shared/email';
import type { Health } from '@insightdesk/shared/monitoring';
import { pingValkey } from '@insightdesk/shared/valkey';
import type { Parts } from './parts.ts';

/** Nobody looks at files of this name: asking for it shows that the storage answers. */
const PROBE_KEY = 'health/probe';
const WAIT_MS = 2_000;

type Watch = (health: Health, known: { config: Config; parts: Parts }) => void;

const queue: Watch = (health, { config: { valkey }, parts }) => {
  if (valkey.queueUrl === valkey.url) return;
  health.register('queue', () => pingValkey(parts.queueValkey), { isRequired: false });
};

/** Where limits are counted. */
const sessions: Watch = (health, { config: { valkey }, parts }) => {
  if (valkey.sessionUrl === valkey.url) return;
  health.register('sessions', () => pingValkey(parts.sessionValkey.valkey), { isRequired: false });
};

const storage: Watch = (health, { parts }) =>
  health.register('storage', () => parts.storage.exists(PROBE_KEY), { isRequired: false });

const mail: Watch = (health, { config }) =>
  health.register('mail', () => checkMailServer(config.email), { isRequired: false });

const antivirus: Watch = (health, { config }) => {
  // Its own, as one that is fail-open calls everything clean while it is away.
  const strict = createAntivirus({
    ...config.antivirus,
    mode: 'fail-closed',
    connectTimeoutMs: WAIT_MS,
    responseTimeoutMs: WAIT_MS,
  });
  if (!strict.isEnabled) return;
  health.register('antivirus', () => strict.scan(new TextEncoder().encode('health')), {
    isRequired: false,
  });
};

/** What a service can do without for a while: what it does with it comes later. */
const others: Record<ServiceName, readonly Watch[]> = {
  api: [storage, queue, sessions],
  websocket: [sessions],
  worker: [storage, queue, mail, antivirus],
  desk: [],
};

/** What they write is told when it is back; to take them out of service would be the outage. */
const goOnWithoutValkey: readonly ServiceName[] = ['api'];

/** Names everything that a service depends on among its health checks. */
export function watchDependencies(
  health: Health,
  { config, parts }: { config: Config; parts: Parts },
): void {
  health.register('postgres', () => parts.database.ping());
  health.register('valkey', () => pingValkey(parts.valkey), {
    isRequired: !goOnWithoutValkey.includes(config.service.name),
  });
  if (config.valkey.cacheUrl !== config.valkey.url) {
    health.register('cache', () => pingValkey(parts.cacheConnections.valkey), {
      isRequired: false,
    });
  }
  for (const watch of others[config.service.name]) watch(health, { config, parts });
}
