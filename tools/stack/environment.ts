import { join } from 'node:path';
import { mediaToolsDirectory } from '../test-servers/fetch-ffmpeg.ts';
import type { Ports } from './processes/ports.ts';
import type { Secrets } from './servers/secrets.ts';

interface StackAddresses {
  directory: string;
  ports: Ports;
  secrets: Secrets;
  url: string;
  databaseUrl: string;
  valkeyUrl: string;
  inboxUrl: string;
  /** The operator organization, once it exists. */
  operatorId?: string | undefined;
}

/** The environment of the services: the variables of the caller and the addresses of this stack. */
export function serviceEnvironment(
  addresses: StackAddresses,
  caller: Record<string, string | undefined> = process.env,
): Record<string, string> {
  const { directory, ports, secrets, url, databaseUrl, valkeyUrl, inboxUrl } = addresses;
  const defaults = {
    NODE_ENV: 'development',
    APP_URL: url,
    API_URL: caller.APP_URL ?? url,
    PROBE_URL: url,
    JWT_SECRET: secrets.jwt,
    JWT_REFRESH_SECRET: secrets.refresh,
    ENCRYPTION_KEY: secrets.encryption,
    SMTP_FROM: 'InsightDesk <desk@localhost.localdomain>',
    OPERATOR_ORGANIZATION_ID: addresses.operatorId,
    MEDIA_TOOLS_DIRECTORY: mediaToolsDirectory(),
  };
  // With another mail server none of these settings may remain.
  const mail = {
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(ports.smtp),
    EMAIL_LOOKUP_URL: inboxUrl,
  };
  const servers = {
    DATABASE_URL: databaseUrl,
    VALKEY_URL: valkeyUrl,
    VALKEY_CACHE_URL: valkeyUrl,
    VALKEY_QUEUE_URL: valkeyUrl,
    VALKEY_SESSION_URL: valkeyUrl,
    STORAGE_DIRECTORY: join(directory, 'files'),
  };
  return defined({ ...defaults, ...(!caller.SMTP_HOST && mail), ...defined(caller), ...servers });
}

const defined = (variables: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
