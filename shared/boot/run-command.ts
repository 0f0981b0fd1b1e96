import { type Config, loadConfigWithSecrets, type ServiceName } from '@insightdesk/shared/config';
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
  const { config } = await loadConfigWithSecrets({ service, ...(environment && { environment }) });
  const log = createLogger({ level: 'error', format: 'json' }, { service, replica: service });
  const { parts: container, dispose } = createAppContainer(config, log);
  try {
    return await work({ config, log, container });
  } finally {
    await dispose();
  }
}
