import { createAntivirus } from '@insightdesk/shared/antivirus';
import type { Config, ServiceName } from '@insightdesk/shared/config';
import type { Id } from '@insightdesk/shared/contract';
import { withApiKeys } from '@insightdesk/shared/domain/identity/api-keys';
import { loadSigningKeys } from '@insightdesk/shared/domain/identity/users';
import { createMeter } from '@insightdesk/shared/domain/tenancy/usage';
import { createMailer } from '@insightdesk/shared/email';
import { createRateLimitChecker } from '@insightdesk/shared/http';
import { createParkedJobs, readQueueUsage } from '@insightdesk/shared/jobs';
import type { Logger } from '@insightdesk/shared/logging';
import { createMedia } from '@insightdesk/shared/media';
import { OutcomeCounters } from '@insightdesk/shared/monitoring';
import {
  countOpenSockets,
  createChannelLog,
  createPresenceRegistry,
  createRequests,
  createSockets,
  createTotalLimit,
  listLogBytes,
} from '@insightdesk/shared/realtime';
import {
  createEncryption,
  createKeyRing,
  createPasswords,
  createSafeFetch,
  createTokenCodec,
  createTokens,
} from '@insightdesk/shared/security';
import { createStorage, createUrlSigner } from '@insightdesk/shared/storage';
import { createBackgroundTasks } from './background-tasks.ts';
import { createConnections } from './create-connections.ts';
import { openJobQueues } from './open-job-queues.ts';
import { registerStores } from './register-stores.ts';
import type { LiveSettings } from './watch-secrets.ts';

/** Builds the container of a service; each part is built on first use. */
export const createAppContainer = (
  config: Config,
  log: Logger,
  { live = config, service = 'desk' }: { live?: LiveSettings; service?: ServiceName } = {},
) =>
  registerParts(config, log, live, service).register('connections', (parts) =>
    createConnections(parts, config, log),
  );

/** Everything that services and commands are made of. */
export type AppContainer = ReturnType<typeof createAppContainer>['parts'];

/** The parts of which `createConnections` selects those for actions. */
export type AppParts = ReturnType<typeof registerParts>['parts'];

function registerParts(config: Config, log: Logger, live: LiveSettings, service: ServiceName) {
  const stores = registerStores(config, log, service);
  const security = registerSecurity(registerRealtime(stores, log), config);
  return registerFiles(security, { config, live, log })
    .register('mailer', () => createMailer(() => live.email, log), {
      dispose: (mailer) => mailer.close(),
    })
    .register(
      'jobs',
      ({ connectValkey }) => openJobQueues(connectValkey('queue', 'command', 'jobs')),
      { dispose: (jobs) => jobs.close() },
    )
    .register(
      'meter',
      (parts) =>
        createMeter({
          database: parts.database,
          defaults: config.quotas,
          unverified: config.unverifiedQuotas,
          logBytes: async (tenantId) => (await listLogBytes(parts.valkey, [tenantId]))[0] ?? 0,
          openSockets: (tenantId) => countOpenSockets(parts.valkey, tenantId),
          // Opens its connection on the first call.
          queueUsage: (tenantId) => readQueueUsage(parts.queueValkey, tenantId),
          onError: (error) => log.warn({ err: String(error) }, 'usage: writing counters failed'),
        }),
      { dispose: (meter) => meter.close() },
    )
    .register('checkRateLimit', ({ sessionValkey }) => createRateLimitChecker(sessionValkey))
    .register('outcomes', () => new OutcomeCounters())
    .register('channelHistory', ({ meter, valkey }) => ({
      ...config.realtime,
      totalBytes: createTotalLimit(valkey, config.realtime.totalLogBytes),
      budgetOf: (tenantId: Id<'org'>) => meter.limitOf(tenantId, 'log-bytes'),
    }))
    .register('channelLog', ({ valkey, channelHistory }) =>
      createChannelLog(valkey, channelHistory),
    )
    .register('queueLimits', ({ database, meter }) => ({
      parkedJobs: createParkedJobs(database),
      quotaOf: (tenantId: Id<'org'>) => ({
        jobs: meter.limitOf(tenantId, 'waiting-jobs'),
        bytes: meter.limitOf(tenantId, 'job-bytes'),
      }),
    }))
    .register('backgroundTasks', () => createBackgroundTasks(log), {
      dispose: (tasks) => tasks.close(),
    });
}

type Stores = ReturnType<typeof registerStores>;

const registerRealtime = (container: Stores, log: Logger) =>
  container
    .register('presence', ({ valkey }) =>
      createPresenceRegistry(valkey, {
        onError: (error) => log.warn({ err: String(error) }, 'presence: renewing leases failed'),
      }),
    )
    .register(
      'requests',
      ({ valkey, connectValkey }) =>
        createRequests({
          publisher: valkey,
          connect: () => connectValkey('default', 'subscriber', 'answers'),
        }),
      { dispose: (requests) => requests.close() },
    )
    .register(
      'sockets',
      ({ valkey, connectValkey }) =>
        createSockets({
          publisher: valkey,
          connect: () => connectValkey('default', 'subscriber', 'socket-answers'),
        }),
      { dispose: (sockets) => sockets.close() },
    );

const registerSecurity = (container: ReturnType<typeof registerRealtime>, config: Config) =>
  container
    .register('passwords', () => createPasswords())
    .register('encryption', () =>
      createEncryption(config.auth.encryptionKey, config.auth.previousEncryptionKeys),
    )
    .register('keys', ({ database, encryption }) =>
      createKeyRing({
        ...config.auth,
        load: () => loadSigningKeys(database, config.auth.encryptionKey ? encryption : undefined),
      }),
    )
    .register('tokens', ({ database, keys }) =>
      withApiKeys(createTokens(config.auth, keys), database),
    )
    .register('tokenCodec', ({ keys }) => createTokenCodec(keys))
    .register('safeFetch', () => createSafeFetch(config.outbound));

const registerFiles = (
  container: ReturnType<typeof registerSecurity>,
  { config, live, log }: { config: Config; live: LiveSettings; log: Logger },
) =>
  container
    .register('media', () => createMedia(config.media))
    .register('antivirus', () => createAntivirus(config.antivirus, log))
    .register('fileUrls', ({ keys }) =>
      createUrlSigner({ secret: keys, publicUrl: config.http.filesUrl }),
    )
    .register('storage', ({ fileUrls }) => createStorage(() => live.storage, { signer: fileUrls }));
