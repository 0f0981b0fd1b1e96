import {
  type Config,
  loadConfigWithSecrets,
  type SecretAccess,
  type SecretProvider,
  type Secrets,
  type ServiceName,
} from '@insightdesk/shared/config';
import type { CallContext, Connections, Context } from '@insightdesk/shared/context';
import type { Load } from '@insightdesk/shared/http';
import { type ApplicationLifecycle, createLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import {
  createHealth,
  createMetrics,
  type Health,
  type Metrics,
} from '@insightdesk/shared/monitoring';
import { openErrorTracking } from './open-error-tracking.ts';
import { openLog } from './open-log.ts';
import { openTraces } from './open-traces.ts';
import { createParts, type Parts } from './parts.ts';
import { type Servers, serversOf } from './servers-of.ts';
import { watchCache } from './watch-cache.ts';
import { watchDatabase } from './watch-database.ts';
import { watchDependencies } from './watch-dependencies.ts';
import { watchHealth } from './watch-health.ts';
import { watchKeys } from './watch-keys.ts';
import { loadOf } from './watch-load.ts';
import { watchSecrets } from './watch-secrets.ts';

/** What a service's own code is given to stand on. */
export interface App {
  config: Config;
  log: Logger;
  lifecycle: ApplicationLifecycle;
  health: Health;
  metrics: Metrics;
  parts: Parts;
  connections: Connections;
  /** What the servers say of themselves. */
  servers: Servers;
  /** Secrets by reference; every access is counted and told by name. */
  secrets: Secrets;
  /** Whether there is more to do than can be done; undefined when nothing is limited. */
  load: Load | undefined;
  context(call: CallContext): Context;
}

/** Starts a service: configuration, parts, its own hooks in order, then signals; exits on failure. */
export async function boot(
  name: ServiceName,
  setup: (app: App) => void | Promise<void>,
  { secretProviders = [] }: { secretProviders?: readonly SecretProvider[] } = {},
): Promise<void> {
  const accesses = watchSecrets();
  const { config, secrets } = await readConfig(name, secretProviders, accesses.note);
  const { replica, shutdownTimeoutMs } = config.service;
  const metrics = createMetrics({ service: name, replica });
  const tracking = await openErrorTracking(config, metrics);
  const { log, closeLog } = await openLog(config, tracking?.observe).catch(refuse);
  const lifecycle = createLifecycle({ log, shutdownTimeoutMs });
  lifecycle.registerShutdownHook('log', () => closeLog());
  const tracing = await openTraces(config);
  if (tracing) lifecycle.registerShutdownHook('traces', () => tracing.close());
  lifecycle.registerShutdownHook('errors', () => tracking?.close());
  const container = createParts(config, log);
  lifecycle.registerShutdownHook('parts', () => container.dispose());
  const { parts } = container;
  const { cache, connections, database } = parts;
  const health = createHealth();
  watchDependencies(health, { config, parts });
  accesses.tellTo(log, metrics);
  if (config.withoutEffect.length > 0) {
    log.warn({ variables: config.withoutEffect }, 'config: set, but nothing here goes by it');
  }
  tracing?.tellTo(metrics);
  watchDatabase(metrics, () =>
    name === 'api' ? { app: database, identity: parts.identity } : { app: database },
  );
  watchHealth(metrics, health);
  watchCache(metrics, cache);
  lifecycle.registerStartupHook('postgres', () => database.ping());
  watchKeys(lifecycle, parts.keys, log);
  lifecycle.onSignals();
  try {
    await setup({
      config,
      log,
      lifecycle,
      health,
      metrics,
      parts,
      connections,
      secrets,
      servers: serversOf(config, parts),
      load: loadOf({ config, database, metrics, log }),
      context: (call) => ({ ...connections, log, ...call }),
    });
    await lifecycle.start();
  } catch (error) {
    log.fatal({ err: error }, 'service: did not start');
    await lifecycle.stop('failed start');
    process.exit(1);
  }
}

async function readConfig(
  service: ServiceName,
  providers: readonly SecretProvider[],
  onAccess: (access: SecretAccess) => void,
) {
  try {
    return await loadConfigWithSecrets({ service, providers, onAccess });
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(78);
}
