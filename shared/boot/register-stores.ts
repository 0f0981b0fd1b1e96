import { createCache } from '@insightdesk/shared/cache';
import type { Config, ServiceName } from '@insightdesk/shared/config';
import {
  createDatabase,
  createListener,
  type DatabaseOptions,
  type ListenerOptions,
  recordStatement,
  tracedDatabase,
} from '@insightdesk/shared/database';
import { createContainer } from '@insightdesk/shared/di';
import { ConfigurationError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { isTracing } from '@insightdesk/shared/tracing';
import { createRecentSessions } from '@insightdesk/shared/utils';
import type { Valkey } from '@insightdesk/shared/valkey';
import { type ConnectValkey, createConnectValkey } from './connect-valkey.ts';
import { shareConnections } from './share-connections.ts';

/** PostgreSQL, Valkey and the cache; each connection is opened on first use. */
export function registerStores(config: Config, log: Logger, service: ServiceName) {
  const shares = shareConnections(service, config.database);
  const connectValkey = createConnectValkey(config, log);
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
          : closable(connectValkey('session', 'command', 'sessions')),
      { dispose: (connection) => connection.close() },
    )
    .register('queueValkey', () => connectValkey('queue', 'command', 'queue-usage'), {
      dispose: (valkey) => valkey.disconnect(),
    })
    .register('recentSessions', () => createRecentSessions())
    .register(
      'database',
      ({ recentSessions }) =>
        openDatabase({
          ...config.database,
          ...shares,
          heavy: { ...config.database.heavy, connections: shares.heavyReaders },
          recentSessions,
          onSlowQuery: (query, ms) =>
            log.warn({ query, ms: Math.round(ms) }, 'database: query was slow'),
        }),
      { dispose: (database) => database.close() },
    )
    .register(
      'identityDatabase',
      () =>
        openDatabase({
          ...config.database,
          url: requireLoginUrl(config, 'identity'),
          relayUrl: undefined,
          ...shares.identity,
          heavy: { ...config.database.heavy, connections: 0 },
        }),
      { dispose: (database) => database.close() },
    )
    .register('relayUrl', () => requireLoginUrl(config, 'relay'))
    .register(
      'listen',
      () => (options: ListenerOptions) => createListener(config.database.directUrl, options),
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
        onError: (error) => log.warn({ err: String(error) }, 'cache: Valkey is unavailable'),
      }),
    );
}

const closable = (valkey: Valkey) => ({ valkey, close: () => valkey.disconnect() });

const connectCache = (connect: ConnectValkey) => ({
  valkey: connect('cache', 'command', 'cache'),
  subscriber: connect('cache', 'subscriber', 'cache-bus'),
});

const openDatabase = (options: DatabaseOptions) =>
  isTracing()
    ? tracedDatabase(createDatabase({ ...options, observe: recordStatement }))
    : createDatabase(options);

const variables = {
  relay: ['relayUrl', 'DATABASE_RELAY_URL'],
  identity: ['identityUrl', 'DATABASE_IDENTITY_URL'],
} as const;

/** The URL of a database login that only some services have; throws ConfigurationError without it. */
function requireLoginUrl({ database }: Pick<Config, 'database'>, login: keyof typeof variables) {
  const [key, variable] = variables[login];
  const url = database[key];
  if (!url) throw new ConfigurationError(`${variable} is not set (login insightdesk_${login})`);
  return url;
}
