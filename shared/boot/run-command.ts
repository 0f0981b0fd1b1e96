import {
  type Config,
  loadConfigWithSecrets,
  type SecretAccess,
  type ServiceName,
} from '@insightdesk/shared/config';
import { createLogger, type Logger } from '@insightdesk/shared/logging';
import { type AppContainer, createAppContainer } from './container.ts';

/** What a command receives. */
export interface CommandApp {
  config: Config;
  log: Logger;
  container: AppContainer;
}

/** Runs a command with the container of a service and disposes it afterwards. */
export async function runCommand<T>(
  service: ServiceName,
  work: (app: CommandApp) => Promise<T>,
  environment?: Record<string, string | undefined>,
): Promise<T> {
  const config = await readConfig(service, environment);
  const log = createLogger({ level: 'error', format: 'json' }, { service, replica: service });
  const { parts: container, dispose } = createAppContainer(config, log);
  try {
    return await work({ config, log, container });
  } finally {
    await dispose();
  }
}

/** Reports the accesses to secrets in one line of standard error, also when one is denied. */
async function readConfig(service: ServiceName, environment?: Record<string, string | undefined>) {
  const accesses: SecretAccess[] = [];
  const onAccess = (access: SecretAccess) => void accesses.push(access);
  try {
    return (await loadConfigWithSecrets({ service, onAccess, ...(environment && { environment }) }))
      .config;
  } finally {
    reportAccesses(accesses, service);
  }
}

function reportAccesses(accesses: readonly SecretAccess[], service: ServiceName): void {
  if (accesses.length === 0) return;
  const write = (line: string) => void process.stderr.write(line);
  const log = createLogger(
    { level: 'info', format: 'json' },
    { service, replica: service },
    { write },
  );
  const named = (outcomes: readonly SecretAccess['outcome'][]) =>
    accesses
      .filter(({ outcome }) => outcomes.includes(outcome))
      .map(({ name, provider }) => `${name} (${provider})`);
  const variables = named(['read', 'cached']);
  const denied = named(['denied', 'failed']);
  if (denied.length > 0) log.error({ variables: denied }, 'secrets: access denied');
  if (variables.length > 0) log.info({ variables }, 'secrets: accessed');
}
