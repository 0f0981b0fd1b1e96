import { type Config, loadConfigWithSecrets, type ServiceName } from '@insightdesk/shared/config';
import { createLogger, type Logger } from '@insightdesk/shared/logging';
import { createParts, type Parts } from './parts.ts';

/** What a command stands on. */
export interface CommandApp {
  config: Config;
  log: Logger;
  parts: Parts;
}

/** Runs a command that ends by itself on the parts of the services, and puts them away after it. */
export async function runCommand<T>(
  service: ServiceName,
  work: (app: CommandApp) => Promise<T>,
  environment?: Record<string, string | undefined>,
): Promise<T> {
  const { config } = await loadConfigWithSecrets({
    service,
    ...(environment && { environment }),
  });
  const log = createLogger({ level: 'error', format: 'json' }, { service, replica: service });
  const container = createParts(config, log);
  try {
    return await work({ config, log, parts: container.parts });
  } finally {
    await container.dispose();
  }
}
