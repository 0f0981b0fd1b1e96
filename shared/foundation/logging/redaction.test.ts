import { expect, test } from 'bun:test';
import { isSecretName, knownKeys, loadConfig } from '@insightdesk/shared/config';
import { createLogger } from './index.ts';

const SECRET = 'hunter2hunter2hunter2hunter2hunter2-0123456789';

function written(...args: unknown[]): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const base = { service: 's', replica: 's-1' };
  const log = createLogger({ level: 'info', format: 'json' }, base, destination);
  (log.info as (...given: unknown[]) => void)(...args);
  log.child(typeof args[0] === 'object' ? (args[0] as object) : {}).info('child');
  return lines.join('');
}

const secretNames = knownKeys.filter(isSecretName);

/** A value as the variable may have it, with the secret where one would be. */
function secretValue(name: string): string {
  if (name.startsWith('DATABASE')) return `postgres://app:${SECRET}@h:5432/d`;
  if (name.startsWith('VALKEY')) return `valkey://:${SECRET}@h:6379`;
  if (name === 'LOG_WEBHOOK_URL') return `https://hooks.slack.com/services/${SECRET}`;
  if (name === 'SENTRY_DSN') return `https://${SECRET}@errors.example/1`;
  return `${SECRET}-${name}`;
}

const camel = (name: string) =>
  name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

test('the schema has secrets, and they are known as such', () => {
  for (const name of ['JWT_SECRET', 'DATABASE_URL', 'SMTP_PASSWORD', 'VAULT_TOKEN']) {
    expect(secretNames).toContain(name);
  }
  const open = knownKeys.filter((name) => !isSecretName(name));
  expect(open.filter((name) => /SECRET|PASSWORD|TOKEN|_KEY|DSN/.test(name))).toEqual([
    'SECRETS_DIRECTORY',
    'SECRETS_TTL',
  ]);
});

test.each(secretNames)('%s is in no line, under whatever name and however deep', (name) => {
  const value = secretValue(name);
  for (const fields of [
    { [name]: value },
    { [camel(name)]: value },
    { deep: { list: [{ [camel(name)]: value }] } },
    { env: { [name]: value } },
  ]) {
    expect(written(fields, 'x')).not.toContain(SECRET);
  }
});

test('the whole configuration may be logged', () => {
  const environment = Object.fromEntries(secretNames.map((name) => [name, secretValue(name)]));
  environment.JWT_REFRESH_SECRET += '-other';
  const config = loadConfig({
    directory: '/nowhere',
    environment: {
      ...environment,
      ...{
        CLOUDINARY_CLOUD_NAME: 'c',
        AZURE_STORAGE_ACCOUNT: 'a',
        SMTP_USER: 'u',
        VAULT_ROLE_ID: 'r',
        AWS_REGION: 'eu',
      },
    },
  });
  expect(JSON.stringify(config)).toContain(SECRET);
  expect(written({ config }, 'x')).not.toContain(SECRET);
});

test.each([
  'password',
  'newPassword',
  'accessToken',
  'refresh_token',
  'cookie',
  'set-cookie',
  'Authorization',
  'email',
  'phone',
  'recoveryCodes',
  'clientSecret',
  'x-api-key',
])('%s is hidden', (name) => {
  expect(written({ request: { [name]: SECRET } }, 'x')).not.toContain(SECRET);
});
