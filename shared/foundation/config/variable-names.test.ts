import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { environmentSchema } from './environment.ts';
import { loadConfig, loadConfigWithSecrets } from './index.ts';
import { composeNames, knownNames, unusedVariables, variableAliases } from './variable-names.ts';

const otherSystem = readFileSync(join(import.meta.dir, 'other-system.env'), 'utf8');
const withSecrets = otherSystem
  .replace(/^JWT_SECRET=.*$/m, 'JWT_SECRET=abcdefghijklmnopqrstuvwxyz0123456789')
  .replace(/^JWT_REFRESH_SECRET=.*$/m, 'JWT_REFRESH_SECRET=0123456789abcdefghijklmnopqrstuvwxyz');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'names-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const writeEnvFile = (text: string, name = '.env') => writeFileSync(join(directory, name), text);
const load = (environment: Record<string, string> = {}) => loadConfig({ directory, environment });
const errorsOf = (environment: Record<string, string> = {}): string[] => {
  try {
    load(environment);
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1);
  }
  return [];
};
const required = { DATABASE_URL: 'postgres://u:p@h/d', VALKEY_URL: 'valkey://h:6379' };

test('other-system.env: only its two placeholder secrets are refused', () => {
  writeEnvFile(otherSystem);
  expect(errorsOf().map((error) => error.split(':')[0])).toEqual([
    'JWT_SECRET',
    'JWT_REFRESH_SECRET',
  ]);
  writeEnvFile(withSecrets);
  expect(errorsOf()).toEqual([]);
});

test('other-system.env: every variable has its effect', () => {
  writeEnvFile(withSecrets);
  expect(load()).toMatchObject({
    environment: 'development',
    product: { name: 'insightdesk' },
    service: { port: 3001 },
    http: {
      appUrl: 'http://localhost:3000',
      publicUrl: 'http://localhost:3001',
      filesUrl: 'http://localhost:3001',
      corsOrigins: ['http://localhost:3000', 'http://localhost:3001'],
    },
    database: { minConnections: 2, maxConnections: 10, timeoutMs: 30_000 },
    valkey: {
      url: 'valkey://localhost:6379',
      cacheUrl: 'valkey://localhost:6379/0',
      queueUrl: 'valkey://localhost:6379/1',
      sessionUrl: 'valkey://localhost:6379/2',
    },
    auth: { accessTtlSeconds: 900, refreshTtlSeconds: 604_800 },
    storage: { provider: 'cloudinary', cloudName: 'your-cloud-name' },
    email: { user: 'your-smtp-user', password: 'your-smtp-pass', from: 'noreply@insightdesk.com' },
    rateLimit: { windowMs: 60_000, maxRequests: 100 },
    logging: { level: 'info', format: 'json' },
    features: { twoFactor: true, oauth: false },
    unused: [
      { name: 'FEATURE_ANALYTICS_ENABLED', reason: 'there is no analytics feature yet' },
      { name: 'SENTRY_DSN', reason: 'it is a placeholder, not a DSN' },
    ],
  });
});

test('other-system.env: every variable is known, an alias, or reported as unused', () => {
  const names = Object.keys(environmentSchema.shape);
  const known = [...names, ...Object.keys(variableAliases), ...Object.keys(unusedVariables)];
  expect(Object.keys(parseEnv(otherSystem)).filter((name) => !known.includes(name))).toEqual([]);
  expect(Object.values(variableAliases).filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(knownNames).size).toBe(knownNames.length);
});

test('variable aliases: precedence depends on the source, not on the name', async () => {
  writeEnvFile('EMAIL_FROM=general@desk.example\nSMTP_USER=u\nSMTP_PASS=general');
  writeEnvFile('SMTP_FROM=local@desk.example', '.env.local');
  expect(load(required).email).toMatchObject({ from: 'local@desk.example', password: 'general' });
  expect(load({ ...required, EMAIL_FROM: 'own@desk.example' }).email.from).toBe('own@desk.example');
  writeEnvFile('hunter2', 'pass');
  writeEnvFile('');
  const { config } = await loadConfigWithSecrets({
    directory,
    environment: { ...required, SMTP_USER: 'u', SMTP_PASS_FILE: join(directory, 'pass') },
  });
  expect(config.email.password).toBe('hunter2');
  const { DATABASE_URL } = required;
  expect(load({ DATABASE_URL, REDIS_URL: 'redis://h:6379' }).valkey.queueUrl).toBe(
    'redis://h:6379',
  );
});

test('variable aliases: both names in one source with different values are an error', () => {
  const both = { ...required, SMTP_FROM: 'a@desk.example', EMAIL_FROM: 'a@desk.example' };
  expect(errorsOf(both)).toEqual([]);
  expect(errorsOf({ ...both, EMAIL_FROM: 'b@desk.example' })).toEqual([
    'EMAIL_FROM: differs from SMTP_FROM, of which it is an alias',
  ]);
});

test('loadConfig: a placeholder is accepted as a previous encryption key', () => {
  const placeholder = 'your-super-secret-key-change-in-production';
  expect(
    load({ ...required, ENCRYPTION_KEYS_PREVIOUS: placeholder }).auth.previousEncryptionKeys,
  ).toEqual([placeholder]);
});

test('SENTRY_DSN: a placeholder is reported as unused, an invalid DSN is refused', () => {
  const loadWith = (SENTRY_DSN: string) => load({ ...required, SENTRY_DSN });
  const real = 'https://public@errors.desk.example/7';
  expect(loadWith(real)).toMatchObject({ errors: { dsn: real }, unused: [] });
  expect(loadWith('https://your-sentry-dsn').errors.dsn).toBeUndefined();
  expect(loadWith('https://your-sentry-dsn').unused.map(({ name }) => name)).toEqual([
    'SENTRY_DSN',
  ]);
  expect(loadWith('')).toMatchObject({ errors: { dsn: undefined }, unused: [] });
  for (const wrong of [
    'errors.example/7',
    'https://errors.example/7',
    'ftp://a@b/7',
    'https://a@b/',
  ]) {
    expect(errorsOf({ ...required, SENTRY_DSN: wrong })[0]).toStartWith(
      'SENTRY_DSN: is not a valid DSN',
    );
  }
});

test('API_URL: the origin of APP_URL is allowed by CORS when the API has another one', () => {
  const httpOf = (environment: Record<string, string>) =>
    load({ ...required, ...environment }).http;
  expect(httpOf({ APP_URL: 'https://app.example/' })).toMatchObject({
    appUrl: 'https://app.example',
    publicUrl: 'https://app.example',
    corsOrigins: [],
  });
  const separate = { APP_URL: 'https://app.example', API_URL: 'https://api.example/' };
  expect(httpOf(separate)).toMatchObject({
    appUrl: 'https://app.example',
    publicUrl: 'https://api.example',
    filesUrl: 'https://api.example',
    corsOrigins: ['https://app.example'],
  });
  expect(httpOf({ ...separate, FILES_URL: 'https://files.example' }).filesUrl).toBe(
    'https://files.example',
  );
  expect(
    errorsOf({ ...required, NODE_ENV: 'production', API_URL: 'http://api.example' }),
  ).toContain('API_URL: must start with https://');
});

test('loadConfig: variables of compose are no typos', () => {
  writeEnvFile(composeNames.map((name) => `${name}=1`).join('\n'));
  expect(errorsOf(required)).toEqual([]);
});

/** Variables that are only validated. */
const validatedOnly = ['API_VERSION'];

test('every variable of the schema is used by the code', async () => {
  const read = async (glob: string) => {
    const root = join(import.meta.dir, '../../..');
    const paths = [...new Bun.Glob(glob).scanSync(root)].filter(
      (path) => !/node_modules|\.test\.ts$|^shared\/foundation\/config\/environment\.ts/.test(path),
    );
    const texts = paths.map(
      async (path) => [path, await Bun.file(join(root, path)).text()] as const,
    );
    return Promise.all(texts);
  };
  const config = (await read('shared/foundation/config/**/*.ts')).map(([, text]) => text).join();
  const names = Object.keys(environmentSchema.shape).filter(
    (name) => !validatedOnly.includes(name),
  );
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(config))).toEqual([]);
  const others = await read('{shared,services}/**/*.ts');
  const otherSources = others
    .filter(([path]) => !path.startsWith('shared/foundation/config/'))
    .map(([, text]) => text)
    .join();
  const { extra: _, ...shaped } = load({
    ...required,
    LOG_WEBHOOK_URL: 'https://hook.example',
    LOG_FILE_DIRECTORY: 'logs',
  });
  const unread = leavesOf(shaped).filter((leaf) => !new RegExp(`\\b${leaf}\\b`).test(otherSources));
  expect(unread).toEqual([]);
});

const leavesOf = (value: object): string[] =>
  Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? leavesOf(inner) : [key],
  );
