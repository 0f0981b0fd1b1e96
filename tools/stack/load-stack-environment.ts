import { join } from 'node:path';
import { createOperatorFile } from './operator-file.ts';
import { dataDirectory } from './paths.ts';
import { findRunFile } from './run-file.ts';
import { loadSecrets } from './servers/secrets.ts';

/** The variables of the services of the stack that runs in this clone. Throws if none runs. */
export function loadStackEnvironment(): Record<string, string | undefined> {
  const directory = dataDirectory();
  const run = findRunFile(directory);
  if (!run) throw new Error('DATABASE_URL is not set, and no stack of this clone is running');
  const secrets = loadSecrets(join(directory, 'secrets.json'));
  const login = (role: 'app' | 'relay' | 'identity' | 'owner') =>
    Object.assign(new URL(run.postgres), {
      username: `insightdesk_${role}`,
      password: secrets[role],
    }).href;
  return {
    DATABASE_URL: login('app'),
    DATABASE_RELAY_URL: login('relay'),
    DATABASE_IDENTITY_URL: login('identity'),
    DATABASE_MIGRATION_URL: login('owner'),
    VALKEY_URL: run.valkey,
    APP_URL: run.url,
    STORAGE_DIRECTORY: join(directory, 'files'),
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(run.smtpPort),
    JWT_SECRET: secrets.jwt,
    JWT_REFRESH_SECRET: secrets.refresh,
    ENCRYPTION_KEY: secrets.encryption,
    OPERATOR_ORGANIZATION_ID: createOperatorFile(join(directory, 'operator')).read(),
  };
}
