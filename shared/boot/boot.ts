import {
  type Config,
  loadConfigWithSecrets,
  type SecretAccess,
  type ServiceName,
} from '@insightdesk/shared/config';
import type { CallContext, Connections, Context } from '@insightdesk/shared/context';
import { registerAccessKey } from '@insightdesk/shared/domain/identity/users';
import type { LoadState } from '@insightdesk/shared/http';
import { type ApplicationLifecycle, createLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import {
  createHealth,
  createMetrics,
  type Health,
  type Metrics,
} from '@insightdesk/shared/monitoring';
import { type AppContainer, createAppContainer } from './container.ts';
import { openErrorTracking } from './open-error-tracking.ts';
import { openLog } from './open-log.ts';
import { openTraces } from './open-traces.ts';
import { createSecretAccessLog } from './secret-access-log.ts';
import { createServerStats, type ServerStats } from './server-stats.ts';
import { startLoadShedding } from './start-load-shedding.ts';
import { watchCache, watchDatabase } from './watch-database.ts';
import { watchDependencies, watchHealth } from './watch-dependencies.ts';
import { watchInstallation } from './watch-installation.ts';
import { watchKeys } from './watch-keys.ts';
import { watchSecrets } from './watch-secrets.ts';

/** What the setup of a service receives. */
export interface App {
  config: Config;
  log: Logger;
  lifecycle: ApplicationLifecycle;
  health: Health;
  metrics: Metrics;
  container: AppContainer;
  connections: Connections;
  serverStats: ServerStats;
  /** The current load; undefined when rate limits are off. */
  load: LoadState | undefined;
  context(call: CallContext): Context;
}

/** Starts a service: configuration, container, setup, startup hooks; exits with 1 or 78 on failure. */
export async function boot(
  name: ServiceName,
  setup: (app: App) => void | Promise<void>,
): Promise<void> {
  const secretAccesses = createSecretAccessLog();
  const loaded = await readConfig(name, secretAccesses.record);
  const { config } = loaded;
  const { replica, shutdownTimeoutMs } = config.service;
  const metrics = createMetrics({ service: name, replica });
  const tracking = await openErrorTracking(config, metrics);
  const { log, closeLog } = await openLog(config, tracking?.observe).catch(exitWithConfigError);
  const lifecycle = createLifecycle({ log, shutdownTimeoutMs });
  lifecycle.registerShutdownHook('log', () => closeLog());
  const tracing = await openTraces(config);
  if (tracing) lifecycle.registerShutdownHook('traces', () => tracing.close());
  lifecycle.registerShutdownHook('errors', () => tracking?.close());
  const secrets = watchSecrets(loaded, log);
  lifecycle.registerShutdownHook('secrets', () => secrets.stop());
  const { parts: container, dispose } = createAppContainer(config, log, {
    live: secrets.live,
    service: name,
  });
  lifecycle.registerShutdownHook('container', () => dispose());
  const { cache, connections, database } = container;
  const health = createHealth();
  watchDependencies(health, { config, container });
  secretAccesses.reportTo(log, metrics);
  for (const { name: variable, reason } of config.unused) {
    log.warn({ variable }, `config: ${variable} is set but unused because ${reason}`);
  }
  tracing?.reportTo(metrics);
  watchDatabase(metrics, () =>
    name === 'api' ? { app: database, identity: container.identityDatabase } : { app: database },
  );
  watchHealth(metrics, health);
  if (name === 'worker') watchInstallation({ config, container, metrics });
  container.outcomes.register(metrics);
  watchCache(metrics, cache);
  lifecycle.registerStartupHook('postgres', () => openConnections(name, config, container));
  const { keys } = container;
  const register =
    name === 'api'
      ? (options: { replaces: boolean }) =>
          registerAccessKey(container.identityDatabase, keys, options)
      : undefined;
  watchKeys(lifecycle, keys, { log, register });
  lifecycle.onSignals();
  try {
    await setup({
      config,
      log,
      lifecycle,
      health,
      metrics,
      container,
      connections,
      serverStats: createServerStats(config, container),
      load: startLoadShedding({ config, database, metrics, log }),
      context: (call) => ({ ...connections, log, ...call }),
    });
    await lifecycle.start();
  } catch (error) {
    log.fatal({ err: error }, 'service: startup failed');
    await lifecycle.stop('failed start');
    process.exit(1);
  }
}

/** Opens DATABASE_POOL_MIN connections, at least one. */
async function openConnections(
  name: ServiceName,
  { database: { minConnections } }: Config,
  container: AppContainer,
): Promise<void> {
  const opened = await container.database.open(Math.max(1, minConnections));
  if (name === 'api') await container.identityDatabase.open(Math.max(0, minConnections - opened));
}

async function readConfig(service: ServiceName, onAccess: (access: SecretAccess) => void) {
  try {
    return await loadConfigWithSecrets({ service, onAccess });
  } catch (error) {
    return exitWithConfigError(error);
  }
}

function exitWithConfigError(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(78);
}
