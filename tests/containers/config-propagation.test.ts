import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import {
  isSecretName,
  knownKeys,
  loadConfigWithSecrets,
  type ServiceName,
} from '@insightdesk/shared/config';
import { root, run } from '../../tools/verify/run.ts';
import { interpolate } from './interpolate.ts';

interface Service {
  env_file?: object[];
  environment?: Record<string, string | number>;
  volumes?: string[];
  command?: string[];
}
const text = await Bun.file(join(root, 'docker-compose.yml')).text();
const { services } = Bun.YAML.parse(text) as { services: Record<string, Service> };
const ours = ['api-1', 'api-2', 'websocket-1', 'websocket-2', 'worker', 'migrate', 'desk'];
const environmentIn = (service: string) => services[service]?.environment ?? {};

/** Variables that depend on the container: address, replica name, directories. */
const containerVariables = [
  'HOST',
  'PORT',
  'REPLICA',
  'STORAGE_DIRECTORY',
  'MEDIA_TOOLS_DIRECTORY',
].concat(['SECRETS_DIRECTORY']);
/** URLs of the servers of this compose file, which prepare.sh builds from passwords. */
const logins = /^(DATABASE|VALKEY)_(\w+_)?URL$/;
const passed = knownKeys.filter(
  (name) => !containerVariables.includes(name) && !isSecretName(name),
);
const secrets = knownKeys.filter((name) => isSecretName(name) && !logins.test(name));

/** Whether the compose file passes the variable under its own name: `NAME: ${NAME…}`. */
const isPassed = (service: string) => (name: string) =>
  new RegExp(`^\\$\\{${name}(:?-.*)?\\}$`).test(`${environmentIn(service)[name]}`);

test.each(ours)('%s gets every setting as a variable, and no secret', (service) => {
  expect(passed.length).toBeGreaterThan(60);
  expect(passed.filter((name) => !isPassed(service)(name))).toEqual([]);
  expect(Object.keys(environmentIn(service)).filter(isSecretName)).toEqual([]);
  expect(environmentIn(service).SECRETS_DIRECTORY).toBe('/run/secrets');
});

test('secrets are passed as variables to prepare only', () => {
  expect(secrets.filter((name) => !isPassed('prepare')(name))).toEqual([]);
  const found = Object.keys(services).filter((service) =>
    Object.keys(environmentIn(service)).some(isSecretName),
  );
  expect(found).toEqual(['prepare']);
  const commands = Object.values(services).flatMap(({ command }) => command ?? []);
  expect(commands.filter((word) => /PASSWORD|SECRET\b/.test(word))).toEqual([]);
});

test('each service sees the directory of its own secrets only', () => {
  const directories = Object.entries(services)
    .filter(([name]) => name !== 'prepare')
    .map(([name, { volumes = [] }]) => [
      name,
      volumes.filter((volume) => volume.startsWith('secrets-')),
    ])
    .filter(([, found]) => found?.length);
  const secretsOf = (name: string) => [`secrets-${name}:/run/secrets:ro`];
  expect(Object.fromEntries(directories)).toEqual({
    ...Object.fromEntries(ours.map((name) => [name, secretsOf(name.replace(/-\d$/, ''))])),
    postgres: secretsOf('postgres'),
    valkey: secretsOf('valkey'),
    cache: secretsOf('valkey'),
    pgbouncer: secretsOf('pgbouncer'),
    replication: secretsOf('postgres'),
    replica: secretsOf('replication'),
    backup: secretsOf('replication'),
    grafana: secretsOf('grafana'),
    alertmanager: secretsOf('alertmanager'),
  });
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-propagation-'));
  for (const volume of services.prepare?.volumes ?? []) {
    const [, path] = /:\/(secrets\/\w+|tls|given)(:|$)/.exec(volume) ?? [];
    if (path) mkdirSync(join(directory, path), { recursive: true });
  }
});
afterEach(() => rmSync(directory, { recursive: true }));

const writeSecret = (name: string, value: string) =>
  writeFileSync(join(directory, 'given', name), value);

/** Runs prepare.sh with these variables. Returns a loader of the configuration of a service. */
async function start(variables: Record<string, string>) {
  const environmentOf = (service: string) =>
    Object.fromEntries(
      Object.entries(environmentIn(service)).map(([name, value]) => [
        name,
        interpolate(`${value}`, variables),
      ]),
    );
  const { exitCode, output } = await run(['sh', join(root, 'deploy/containers/prepare.sh')], {
    env: {
      ...variables, // env_file
      ...environmentOf('prepare'),
      GIVEN: join(directory, 'given'),
      SECRETS_OUT: join(directory, 'secrets'),
      TLS: join(directory, 'tls'),
    },
  });
  if (exitCode !== 0) throw new Error(output);
  return (container: string) => {
    const name = container.replace(/-\d$/, '');
    const secretsDirectory = join(directory, 'secrets', name);
    const environment = { ...environmentOf(container), SECRETS_DIRECTORY: secretsDirectory };
    const service = name === 'migrate' ? 'desk' : (name as ServiceName);
    return loadConfigWithSecrets({ directory: '/nowhere', environment, service });
  };
}

const parse = (path: string) =>
  parseEnv(readFileSync(join(root, path), 'utf8')) as Record<string, string>;
const example = parse('.env.example');
const otherSystem = {
  ...parse('shared/foundation/config/other-system.env'),
  JWT_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789',
  JWT_REFRESH_SECRET: '0123456789abcdefghijklmnopqrstuvwxyz',
};

test.each([
  ['an empty environment', {}],
  ['.env.example', example],
  ['the .env file of another system', otherSystem],
])('every service starts with %s', async (_, variables: Record<string, string>) => {
  const load = await start(variables);
  for (const service of ours) {
    const { config } = await load(service);
    expect(new URL(config.database.url).host).toBe('postgres:5432');
    expect(new URL(config.valkey.queueUrl).host).toBe('valkey:6379');
    expect(new URL(config.valkey.cacheUrl).host).toBe('cache:6379');
    expect(config.email.host).toBe(variables.SMTP_HOST ?? 'inbox');
    expect(JSON.stringify({ ...config, extra: {} })).not.toContain('//127.0.0.1');
  }
});

test('each service has only its own logins, and removed secrets disappear', async () => {
  await start({ SMTP_PASS: 'mail', VAULT_TOKEN: 'vault' });
  const ownSecrets = (service: string) =>
    readdirSync(join(directory, 'secrets', service)).toSorted();
  const common = ['DATABASE_URL', 'VALKEY_CACHE_URL', 'VALKEY_URL', 'VAULT_TOKEN'];
  const defaults = [...common, 'SMTP_PASSWORD'].toSorted();
  expect(ownSecrets('websocket')).toEqual(common);
  expect(ownSecrets('api')).toEqual(['DATABASE_IDENTITY_URL', ...defaults]);
  expect(ownSecrets('worker')).toEqual(['DATABASE_RELAY_URL', ...defaults]);
  expect(ownSecrets('migrate')).toEqual(['DATABASE_MIGRATION_URL', ...defaults, 'variable-names']);
  expect(ownSecrets('desk')).toEqual(['DATABASE_IDENTITY_URL', 'DATABASE_RELAY_URL', ...defaults]);
  expect(ownSecrets('valkey')).toEqual(['VALKEY_PASSWORD', 'password.conf']);
  expect(ownSecrets('postgres')).not.toContain('VALKEY_PASSWORD');
  expect(ownSecrets('replication')).toEqual(['DATABASE_REPLICATION_PASSWORD']);
  await start({});
  expect(ownSecrets('websocket')).toEqual(['DATABASE_URL', 'VALKEY_CACHE_URL', 'VALKEY_URL']);
});

test('a misspelt variable in .env stops migrate, and with it all services', async () => {
  expect(services.prepare?.env_file).toEqual([{ path: '.env', required: false }]);
  const load = await start({ ...example, SMTP_PASWORD: 'hunter2', MY_OWN_PORT: '1' });
  const message = await load('migrate').then(
    () => 'it starts',
    (error: Error) => error.message,
  );
  expect(message.split('\n  ').slice(1)).toEqual([
    'SMTP_PASWORD (in .env of compose): is unknown, did you mean SMTP_PASSWORD?',
  ]);
});

test('with PgBouncer services connect through it, except LISTEN and migrations', async () => {
  const load = await start({ DATABASE_SERVER: 'pgbouncer:6432', DATABASE_APP_PASSWORD: 'app' });
  const hosts = async (service: string) => {
    const { database } = (await load(service)).config;
    const urls = [database.url, database.directUrl, database.identityUrl];
    return [...urls, database.relayUrl, database.migrationUrl].map(
      (url) => url && new URL(url).host,
    );
  };
  const [pooler, server] = ['pgbouncer:6432', 'postgres:5432'];
  expect(await hosts('api')).toEqual([pooler, server, pooler, undefined, undefined]);
  expect(await hosts('worker')).toEqual([pooler, server, undefined, server, undefined]);
  expect(await hosts('migrate')).toEqual([pooler, server, undefined, undefined, server]);
  const users = readFileSync(join(directory, 'secrets/pgbouncer/userlist.txt'), 'utf8');
  expect(users).toBe('"insightdesk_app" "app"\n"insightdesk_identity" "password"\n');
});

test('Alertmanager gets the URLs of its receivers and the mail password as files', async () => {
  const urls = { ALERT_WEBHOOK_URL: 'https://hooks.example/a', ALERT_WATCHDOG_URL: 'https://b' };
  await start({ ...urls, SMTP_PASSWORD: 'mail' });
  const files = readdirSync(join(directory, 'secrets/alertmanager')).toSorted();
  expect(files).toEqual(['ALERT_WATCHDOG_URL', 'ALERT_WEBHOOK_URL', 'SMTP_PASSWORD']);
});

test('replica, backup and PgBouncer refuse default passwords in production', async () => {
  const ownSecrets = (service: string) => readdirSync(join(directory, 'secrets', service));
  const required = ['POSTGRES_PASSWORD', 'VALKEY_PASSWORD', 'ENCRYPTION_KEY'].concat(
    ['OWNER', 'APP', 'RELAY', 'IDENTITY'].map((role) => `DATABASE_${role}_PASSWORD`),
  );
  await start({
    ...otherSystem,
    ...Object.fromEntries(required.map((name) => [name, 'a-secure-password'])),
    NODE_ENV: 'production',
    APP_URL: 'https://desk.example',
    SMTP_HOST: 'mail.example',
    EMAIL_LOOKUP_URL: '',
  });
  expect(ownSecrets('replication')).toEqual([]);
  expect(ownSecrets('grafana')).toEqual([]);
});

test('a secret file takes precedence over the variable of the same name', async () => {
  writeSecret('JWT_SECRET', `${otherSystem.JWT_SECRET}\n`);
  writeSecret('DATABASE_APP_PASSWORD', 'app-1_2.3~4');
  writeSecret('DATABASE_RELAY_PASSWORD', 'relay');
  const load = await start({ ...example, DATABASE_APP_PASSWORD: 'other' });
  const { config } = await load('worker');
  expect(config.auth.jwtSecret).toBeUndefined();
  expect((await load('api-1')).config.auth.jwtSecret).toBe(otherSystem.JWT_SECRET);
  expect(new URL(config.database.url).password).toBe('app-1_2.3~4');
  expect(new URL(config.database.relayUrl ?? '').password).toBe('relay');
});

test.each([
  ['a@{B}c', 'abc'],
  ['@{B:-x}@{NO:-@{B:-y}}', 'bb'],
  ['@{EMPTY:-x}@{EMPTY-y}', 'x'],
  ['@@(cat)', '@(cat)'],
  ['@{NO:-}', ''],
])('interpolate %s results in %s', (text, expected) => {
  const result = interpolate(text.replaceAll('@', '$'), { B: 'b', EMPTY: '' });
  expect(result).toBe(expected.replaceAll('@', '$'));
});
