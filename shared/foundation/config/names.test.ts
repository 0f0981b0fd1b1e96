import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { environmentSchema } from './environment.ts';
import { loadConfig, loadConfigWithSecrets } from './index.ts';
import { composeNames, knownNames, namesWithoutEffect, otherNames } from './names.ts';

const theirs = readFileSync(join(import.meta.dir, 'other-names.env'), 'utf8');
const mended = theirs
  .replace(/^JWT_SECRET=.*$/m, 'JWT_SECRET=abcdefghijklmnopqrstuvwxyz0123456789')
  .replace(/^JWT_REFRESH_SECRET=.*$/m, 'JWT_REFRESH_SECRET=0123456789abcdefghijklmnopqrstuvwxyz');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'names-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = (text: string, name = '.env') => writeFileSync(join(directory, name), text);
const load = (environment: Record<string, string> = {}) => loadConfig({ directory, environment });
const faults = (environment: Record<string, string> = {}): string[] => {
  try {
    load(environment);
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1);
  }
  return [];
};
const needed = { DATABASE_URL: 'postgres://u:p@h/d', VALKEY_URL: 'valkey://h:6379' };

test('of another system’s file nothing is wrong but its two secrets', () => {
  file(theirs);
  expect(faults().map((fault) => fault.split(':')[0])).toEqual([
    'JWT_SECRET',
    'JWT_REFRESH_SECRET',
  ]);
  file(mended);
  expect(faults()).toEqual([]);
});

test('another system’s file means here what it means there', () => {
  file(mended);
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
    database: { poolMin: 2, poolMax: 10, timeoutMs: 30_000 },
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
    withoutEffect: ['FEATURE_ANALYTICS_ENABLED', 'SENTRY_DSN'],
  });
});

test('every variable of the other system is ours, means one of ours, or is told to change nothing', () => {
  const ours = Object.keys(environmentSchema.shape);
  const known = [...ours, ...Object.keys(otherNames), ...namesWithoutEffect];
  expect(Object.keys(parseEnv(theirs)).filter((name) => !known.includes(name))).toEqual([]);
  expect(Object.values(otherNames).filter((name) => !ours.includes(name))).toEqual([]);
  expect(new Set(knownNames).size).toBe(knownNames.length);
});

test('the rank of a place counts, not which of two names it uses', async () => {
  file('EMAIL_FROM=general@desk.example\nSMTP_USER=u\nSMTP_PASS=general');
  file('SMTP_FROM=local@desk.example', '.env.local');
  expect(load(needed).email).toMatchObject({ from: 'local@desk.example', password: 'general' });
  expect(load({ ...needed, EMAIL_FROM: 'own@desk.example' }).email.from).toBe('own@desk.example');
  file('hunter2', 'pass');
  file('');
  const { config } = await loadConfigWithSecrets({
    directory,
    environment: { ...needed, SMTP_USER: 'u', SMTP_PASS_FILE: join(directory, 'pass') },
  });
  expect(config.email.password).toBe('hunter2');
  const { DATABASE_URL } = needed;
  expect(load({ DATABASE_URL, REDIS_URL: 'redis://h:6379' }).valkey.queueUrl).toBe(
    'redis://h:6379',
  );
});

test('two names of one variable in one place may not differ', () => {
  const twice = { ...needed, SMTP_FROM: 'a@desk.example', EMAIL_FROM: 'a@desk.example' };
  expect(faults(twice)).toEqual([]);
  expect(faults({ ...twice, EMAIL_FROM: 'b@desk.example' })).toEqual([
    'EMAIL_FROM: says another thing than SMTP_FROM, which means the same',
  ]);
});

test('half an account of a mail server is a fault of the pair', () => {
  const pair = 'is required, SMTP_USER, SMTP_PASSWORD belong together';
  expect(faults({ ...needed, SMTP_USER: 'u' })).toEqual([`SMTP_PASSWORD: ${pair}`]);
  expect(faults({ ...needed, SMTP_PASS: 'p' })).toEqual([`SMTP_USER: ${pair}`]);
});

test.each([
  ['JWT_SECRET', 'your-super-secret-key-change-in-production'],
  ['JWT_REFRESH_SECRET', 'CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME'],
  ['ENCRYPTION_KEY', 'my-secret-my-secret-my-secret-my-secret'],
  ['API_URL', 'localhost:3001'],
  ['API_VERSION', 'v2'],
  ['APP_NAME', 'Desk\r\nBcc: all@desk.example'],
  ['APP_NAME', '<b>Desk</b>'],
  ['APP_NAME', 'Desk:Account'],
])('%s=%s is refused', (name, value) => {
  expect(faults({ ...needed, [name]: value }).map((fault) => fault.split(':')[0])).toEqual([name]);
});

test('whoever had such a key can get away from it', () => {
  const before = 'your-super-secret-key-change-in-production';
  expect(load({ ...needed, ENCRYPTION_KEYS_PREVIOUS: before }).auth.previousEncryptionKeys).toEqual(
    [before],
  );
});

test('what an example has for a DSN is told to change nothing, what is none is refused', () => {
  const at = (SENTRY_DSN: string) => load({ ...needed, SENTRY_DSN });
  const real = 'https://public@errors.desk.example/7';
  expect(at(real)).toMatchObject({ errors: { dsn: real }, withoutEffect: [] });
  expect(at('https://your-sentry-dsn').errors.dsn).toBeUndefined();
  expect(at('https://your-sentry-dsn').withoutEffect).toEqual(['SENTRY_DSN']);
  expect(at('')).toMatchObject({ errors: { dsn: undefined }, withoutEffect: [] });
  for (const wrong of [
    'errors.example/7',
    'https://errors.example/7',
    'ftp://a@b/7',
    'https://a@b/',
  ]) {
    expect(faults({ ...needed, SENTRY_DSN: wrong })[0]).toStartWith('SENTRY_DSN: ');
  }
});

test('the API may have another address than the pages, which then may call it', () => {
  const at = (environment: Record<string, string>) => load({ ...needed, ...environment }).http;
  expect(at({ APP_URL: 'https://app.example/' })).toMatchObject({
    appUrl: 'https://app.example',
    publicUrl: 'https://app.example',
    corsOrigins: [],
  });
  const apart = { APP_URL: 'https://app.example', API_URL: 'https://api.example/' };
  expect(at(apart)).toMatchObject({
    appUrl: 'https://app.example',
    publicUrl: 'https://api.example',
    filesUrl: 'https://api.example',
    corsOrigins: ['https://app.example'],
  });
  expect(at({ ...apart, FILES_URL: 'https://files.example' }).filesUrl).toBe(
    'https://files.example',
  );
  expect(faults({ ...needed, NODE_ENV: 'production', API_URL: 'http://api.example' })).toContain(
    'API_URL: has to be https://',
  );
});

test('what compose reads from the same file is no typo', () => {
  file(composeNames.map((name) => `${name}=1`).join('\n'));
  expect(faults(needed)).toEqual([]);
});

/** What is read to be compared only. */
const checks = ['API_VERSION'];

test('what is read has an effect', async () => {
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
  const names = Object.keys(environmentSchema.shape).filter((name) => !checks.includes(name));
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(config))).toEqual([]);
  const others = await read('{shared,services}/**/*.ts');
  const elsewhere = others
    .filter(([path]) => !path.startsWith('shared/foundation/config/'))
    .map(([, text]) => text)
    .join();
  const { extra: _, ...shaped } = load({
    ...needed,
    LOG_WEBHOOK_URL: 'https://hook.example',
    LOG_FILE_DIRECTORY: 'logs',
  });
  const unread = leavesOf(shaped).filter((leaf) => !new RegExp(`\\b${leaf}\\b`).test(elsewhere));
  expect(unread).toEqual([]);
});

const leavesOf = (value: object): string[] =>
  Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? leavesOf(inner) : [key],
  );
