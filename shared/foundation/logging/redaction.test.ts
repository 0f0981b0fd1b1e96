import { expect, test } from 'bun:test';
import { isSecretName, knownKeys, loadConfig } from '@insightdesk/shared/config';
import { createLogger } from './index.ts';

const SECRET = 'hunter2hunter2hunter2hunter2hunter2-0123456789';

function logged(...args: unknown[]): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const base = { service: 's', replica: 's-1' };
  const log = createLogger({ level: 'info', format: 'json' }, base, destination);
  (log.info as (...given: unknown[]) => void)(...args);
  log.child(typeof args[0] === 'object' ? (args[0] as object) : {}).info('child');
  return lines.join('');
}

const secretNames = knownKeys.filter(isSecretName);

/** A realistic value of the variable that contains the secret. */
function secretValue(name: string): string {
  if (name.startsWith('DATABASE')) return `postgres://app:${SECRET}@h:5432/d`;
  if (name.startsWith('VALKEY')) return `valkey://:${SECRET}@h:6379`;
  if (name === 'LOG_WEBHOOK_URL') return `https://hooks.slack.com/services/${SECRET}`;
  if (name === 'SENTRY_DSN') return `https://${SECRET}@errors.example/1`;
  if (name === 'OTEL_EXPORTER_OTLP_HEADERS') return `x-own=${SECRET}`;
  return `${SECRET}-${name}`;
}

const toCamelCase = (name: string) =>
  name.toLowerCase().replace(/_(.)/g, (_, char: string) => char.toUpperCase());

test('isSecretName: matches every variable of the schema that holds a secret', () => {
  for (const name of ['JWT_SECRET', 'DATABASE_URL', 'SMTP_PASSWORD', 'VAULT_TOKEN']) {
    expect(secretNames).toContain(name);
  }
  const others = knownKeys.filter((name) => !isSecretName(name));
  expect(others.filter((name) => /SECRET|PASSWORD|TOKEN|_KEY|DSN/.test(name))).toEqual([
    'SECRETS_DIRECTORY',
    'SECRETS_TTL',
    'SECRETS_PROVIDERS',
  ]);
});

test.each(secretNames)(
  'redact: the value of %s is in no line, under any name and at any depth',
  (name) => {
    const value = secretValue(name);
    for (const fields of [
      { [name]: value },
      { [toCamelCase(name)]: value },
      { deep: { list: [{ [toCamelCase(name)]: value }] } },
      { env: { [name]: value } },
    ]) {
      expect(logged(fields, 'x')).not.toContain(SECRET);
    }
  },
);

test('redact: the whole configuration can be logged without secrets', () => {
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
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      },
    },
  });
  expect(JSON.stringify(config)).toContain(SECRET);
  expect(logged({ config }, 'x')).not.toContain(SECRET);
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
])('redact: a field %s is replaced', (name) => {
  expect(logged({ request: { [name]: SECRET } }, 'x')).not.toContain(SECRET);
});
