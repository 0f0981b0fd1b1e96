import { join } from 'node:path';
import { mediaToolsDirectory } from '../test-servers/media-tools.ts';
import type { Ports } from './processes/ports.ts';
import type { Secrets } from './servers/secrets.ts';

interface Surroundings {
  directory: string;
  ports: Ports;
  secrets: Secrets;
  url: string;
  databaseUrl: string;
  valkeyUrl: string;
  inboxUrl: string;
  /** Whose owners operate this stack, once there is somebody. */
  operatorId?: string | undefined;
}

/** What the services find in their environment: the caller's variables, and where this stack is. */
export function serviceEnvironment(
  surroundings: Surroundings,
  caller: Record<string, string | undefined> = process.env,
): Record<string, string> {
  const { directory, ports, secrets, url, databaseUrl, valkeyUrl, inboxUrl } = surroundings;
  const defaults = {
    NODE_ENV: 'development',
    APP_URL: url,
    API_URL: caller.APP_URL ?? url,
    JWT_SECRET: secrets.jwt,
    JWT_REFRESH_SECRET: secrets.refresh,
    ENCRYPTION_KEY: secrets.encryption,
    SMTP_FROM: 'InsightDesk <desk@localhost.localdomain>',
    OPERATOR_ORGANIZATION_ID: surroundings.operatorId,
    MEDIA_TOOLS_DIRECTORY: mediaToolsDirectory(),
  };
  // A caller who names a mail server wants mails sent; then none of our inbox may shine through.
  const mail = {
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(ports.smtp),
    EMAIL_LOOKUP_URL: inboxUrl,
  };
  const own = {
    DATABASE_URL: databaseUrl,
    VALKEY_URL: valkeyUrl,
    VALKEY_CACHE_URL: valkeyUrl,
    VALKEY_QUEUE_URL: valkeyUrl,
    VALKEY_SESSION_URL: valkeyUrl,
    STORAGE_DIRECTORY: join(directory, 'files'),
  };
  return defined({ ...defaults, ...(!caller.SMTP_HOST && mail), ...defined(caller), ...own });
}

const defined = (variables: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
