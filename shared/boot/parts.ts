import { createAntivirus } from '@insightdesk/shared/antivirus';
import { createCache } from '@insightdesk/shared/cache';
import type { Config } from '@insightdesk/shared/config';
import type { Connections } from '@insightdesk/shared/context';
import {
  createDatabase,
  createListener,
  type DatabaseOptions,
  type Listening,
  noteStatement,
  tracedDatabase,
} from '@insightdesk/shared/database';
import { createContainer } from '@insightdesk/shared/di';
import { publicEvents } from '@insightdesk/shared/domain/catalog';
import { withApiKeys } from '@insightdesk/shared/domain/identity/api-keys';
import { loadSigningKeys } from '@insightdesk/shared/domain/identity/users';
import { createMeter } from '@insightdesk/shared/domain/tenancy/usage';
import { createMailer } from '@insightdesk/shared/email';
import { readJobLoad } from '@insightdesk/shared/jobs';
import type { Logger } from '@insightdesk/shared/logging';
import { createMedia } from '@insightdesk/shared/media';
import {
  countOpenSockets,
  createPresenceRegistry,
  createRequests,
  heldBytes,
  sendSignals,
} from '@insightdesk/shared/realtime';
import {
  createDnsTexts,
  createKeyRing,
  createPasswords,
  createSafeFetch,
  createSealer,
  createSecrets,
  createTokens,
} from '@insightdesk/shared/security';
import { createStorage, createUrlSigner } from '@insightdesk/shared/storage';
import { isTracing } from '@insightdesk/shared/tracing';
import { createValkey, type Valkey, type ValkeyOptions } from '@insightdesk/shared/valkey';
import { createAfterwards } from './afterwards.ts';
import { eraseTraces } from './erase-traces.ts';
import { askLater, openJobAccess } from './job-access.ts';
import { requireLogin } from './require-login.ts';

/** Which of the Valkey servers a connection goes to. */
export type ValkeyPurpose = 'default' | 'cache' | 'queue' | 'session';

/** Sign-ins are few, and most of their time is hashing. */
const IDENTITY_POOL = 4;

type Connect = (purpose: ValkeyPurpose, role: ValkeyOptions['role'], name: string) => Valkey;

/** Opens connections of one's own; whoever asks for one closes it. */
function connectTo(config: Config, log: Logger): Connect {
  const urls: Record<ValkeyPurpose, string> = {
    default: config.valkey.url,
    cache: config.valkey.cacheUrl,
    queue: config.valkey.queueUrl,
    session: config.valkey.sessionUrl,
  };
  return (purpose, role, name) =>
    createValkey(urls[purpose], {
      name: `${config.service.replica}:${name}`,
      role,
      onError: (error) => log.warn({ err: error.message, connection: name }, 'valkey: unreachable'),
    });
}

const ownConnection = (valkey: Valkey) => ({ valkey, close: () => valkey.disconnect() });

const connectCache = (connect: Connect) => ({
  valkey: connect('cache', 'command', 'cache'),
  subscriber: connect('cache', 'subscriber', 'cache-bus'),
});

const openDatabase = (options: DatabaseOptions) =>
  isTracing()
    ? tracedDatabase(createDatabase({ ...options, observe: noteStatement }))
    : createDatabase(options);

/** Everything that services are made of; each part is built when it is first asked for. */
export function createParts(config: Config, log: Logger) {
  return addConnections(createOwnParts(config, log), config, log);
}

/** Where things are kept, and what leads there. */
function createStores(config: Config, log: Logger) {
  const connectValkey = connectTo(config, log);
  return createContainer()
    .register('connectValkey', () => connectValkey)
    .register('valkey', () => connectValkey('default', 'command', 'main'), {
      dispose: (valkey) => valkey.disconnect(),
    })
    .register(
      'sessionValkey',
      ({ valkey }) =>
        config.valkey.sessionUrl === config.valkey.url
          ? { valkey, close() {} }
          : ownConnection(connectValkey('session', 'command', 'sessions')),
      { dispose: (own) => own.close() },
    )
    .register(
      'database',
      () =>
        openDatabase({
          ...config.database,
          onSlowQuery: (query, ms) =>
            log.warn({ query, ms: Math.round(ms) }, 'database: slow query'),
        }),
      { dispose: (database) => database.close() },
    )
    .register('listen', () => (what: Listening) => createListener(config.database.directUrl, what))
    .register('relayUrl', () => requireLogin(config, 'relay'))
    .register(
      'identity',
      () =>
        openDatabase({
          ...config.database,
          url: requireLogin(config, 'identity'),
          relayUrl: undefined,
          poolMin: 1,
          poolMax: IDENTITY_POOL,
        }),
      { dispose: (identity) => identity.close() },
    )
    .register('cacheConnections', () => connectCache(connectValkey), {
      dispose: ({ valkey, subscriber }) => {
        valkey.disconnect();
        subscriber.disconnect();
      },
    })
    .register('cache', ({ cacheConnections }) =>
      createCache({
        ...cacheConnections,
        onError: (error) => log.warn({ err: String(error) }, 'cache: goes on without Valkey'),
      }),
    );
}

function createOwnParts(config: Config, log: Logger) {
  return createStores(config, log)
    .register('media', () => createMedia(config.media))
    .register('antivirus', () => createAntivirus(config.antivirus, log))
    .register('mailer', () => createMailer(config.email, log), {
      dispose: (mailer) => mailer.close(),
    })
    .register('presence', ({ valkey }) =>
      createPresenceRegistry(valkey, {
        onError: (error) => log.warn({ err: String(error) }, 'presence: not renewed'),
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
      'jobAccess',
      ({ connectValkey }) => openJobAccess(connectValkey('queue', 'command', 'jobs')),
      { dispose: (access) => access.close() },
    )
    .register('queueValkey', ({ connectValkey }) => connectValkey('queue', 'command', 'job-load'), {
      dispose: (valkey) => valkey.disconnect(),
    })
    .register(
      'meter',
      (parts) =>
        createMeter({
          database: parts.database,
          defaults: config.quotas,
          logBytes: async (tenantId) => (await heldBytes(parts.valkey, [tenantId]))[0] ?? 0,
          openSockets: (tenantId) => countOpenSockets(parts.valkey, tenantId),
          // Who is never asked opens no connection.
          jobLoad: (tenantId) => readJobLoad(parts.queueValkey, tenantId),
          onError: (error) => log.warn({ err: String(error) }, 'usage: not written yet'),
        }),
      { dispose: (meter) => meter.close() },
    )
    .register('afterwards', () => createAfterwards(log), {
      dispose: (afterwards) => afterwards.close(),
    })
    .register('passwords', () => createPasswords())
    .register('secrets', () =>
      createSecrets(config.auth.encryptionKey, config.auth.previousEncryptionKeys),
    )
    .register('keys', ({ database, secrets }) =>
      createKeyRing({ ...config.auth, load: () => loadSigningKeys(database, secrets) }),
    )
    .register('tokens', ({ database, keys }) =>
      withApiKeys(createTokens(config.auth, keys), database),
    )
    .register('sealer', ({ keys }) => createSealer(keys))
    .register('fileUrls', ({ keys }) =>
      createUrlSigner({ secret: keys, publicUrl: config.http.filesUrl }),
    )
    .register('storage', ({ fileUrls }) => createStorage(config.storage, { signer: fileUrls }))
    .register('outbound', () => createSafeFetch(config.outbound));
}

type OwnParts = ReturnType<typeof createOwnParts>;

/** What of the parts an action is given. */
function addConnections(container: OwnParts, config: Config, log: Logger) {
  return container.register(
    'connections',
    (parts): Connections => ({
      database: parts.database,
      identityDatabase: {
        read: (...args) => parts.identity.read(...args),
        write: (...args) => parts.identity.write(...args),
      },
      cache: parts.cache,
      jobs: askLater(() => parts.jobAccess.control),
      mail: parts.mailer,
      files: {
        storage: parts.storage,
        urls: parts.fileUrls,
        media: parts.media,
        antivirus: parts.antivirus,
      },
      security: {
        tokens: parts.tokens,
        tokenCodec: parts.sealer,
        passwords: parts.passwords,
        secrets: parts.secrets,
        outbound: parts.outbound,
        dnsTexts: createDnsTexts(),
      },
      realtime: {
        presence: parts.presence,
        requests: parts.requests,
        signal: (signal) =>
          sendSignals(parts.valkey, [signal], (error) =>
            log.warn({ err: String(error) }, 'signals: publishing failed'),
          ),
      },
      limits: {
        meter: parts.meter,
        quotas: config.quotas,
        maxFileBytes: config.storage.maxFileBytes,
        invitationsPerDay: config.invitations.perDay,
      },
      settings: {
        appName: config.product.name,
        appUrl: config.http.appUrl,
        publicUrl: config.http.publicUrl,
        filesUrl: config.http.filesUrl,
        origins: [new URL(config.http.publicUrl).origin, ...config.http.corsOrigins],
        refreshTtlSeconds: config.auth.refreshTtlSeconds,
        requiresVerifiedEmail: config.accounts.provenAddressesOnly,
        erasureGraceSeconds: config.departures.erasureGraceSeconds,
        auditRetentionDays: config.audit.retentionDays,
        publicEvents: publicEvents.map(({ name }) => name),
      },
      background: (work) => parts.afterwards.add(work),
      traces: {
        erase: (tenantId) => {
          const { connectValkey: connect, jobAccess } = parts;
          return eraseTraces({ connect, queues: jobAccess.queues }, tenantId);
        },
      },
    }),
  );
}

export type Parts = ReturnType<typeof createParts>['parts'];
