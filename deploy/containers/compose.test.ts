import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { root, run } from '../verify/run.ts';

const compose = Bun.YAML.parse(await Bun.file(join(root, 'docker-compose.yml')).text()) as {
  services: Record<string, { ports?: string[]; environment?: Record<string, string> }>;
};

/** What the first step says to an environment; 0 and no words when it goes on to the certificate. */
async function prepare(env: Record<string, string>) {
  const { exitCode, output } = await run(['sh', 'deploy/containers/prepare.sh'], { env });
  return { isRefused: exitCode === 78, output };
}

test('every published port is of this machine alone unless told otherwise', () => {
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
  expect(ports).toHaveLength(3);
  for (const port of ports) {
    expect(port).toMatch(/^(127\.0\.0\.1|\$\{BIND_ADDRESS:-127\.0\.0\.1\}):/);
  }
});

/** What the image says, what this file's servers do not need, and what has its own rule below. */
const elsewhere = [
  ...['HOST', 'PORT', 'STORAGE_DIRECTORY', 'DATABASE_PREPARE', 'REPLICA'],
  'MEDIA_TOOLS_DIRECTORY',
  ...['VALKEY_CACHE_URL', 'VALKEY_QUEUE_URL', 'VALKEY_SESSION_URL'],
  ...['DATABASE_MIGRATION_URL', 'DATABASE_RELAY_URL', 'DATABASE_IDENTITY_URL'],
];
/** It lists exactly what the services read. */
const example = await Bun.file(join(root, '.env.example')).text();
const settings = [...example.matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
const given = (service: string) => Object.keys(compose.services[service]?.environment ?? {});
const services = ['api-1', 'api-2', 'websocket-1', 'websocket-2', 'worker'];

test.each([...services, 'migrate', 'desk'])('every setting reaches %s', (service) => {
  const wanted = settings.filter((name) => !elsewhere.includes(name));
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter((name) => !given(service).includes(name))).toEqual([]);
});

test.each([
  ['DATABASE_MIGRATION_URL', ['migrate']],
  ['DATABASE_RELAY_URL', ['desk', 'worker']],
  ['DATABASE_IDENTITY_URL', ['api-1', 'api-2', 'desk']],
])('%s is given to nobody but %p', (name, holders) => {
  const found = Object.keys(compose.services).filter((service) => given(service).includes(name));
  expect(found.toSorted()).toEqual(holders);
});

const deployed = {
  POSTGRES_PASSWORD: 'a1',
  DATABASE_OWNER_PASSWORD: 'a2',
  DATABASE_APP_PASSWORD: 'a3',
  DATABASE_RELAY_PASSWORD: 'a4',
  DATABASE_IDENTITY_PASSWORD: 'a5',
  VALKEY_PASSWORD: 'a6',
  JWT_SECRET: 'a secret of our own',
  JWT_REFRESH_SECRET: 'another one',
  ENCRYPTION_KEY: 'a third one',
  SMTP_HOST: 'mail.example',
  EMAIL_LOOKUP_URL: '',
  APP_URL: 'https://desk.example',
  BIND_ADDRESS: '0.0.0.0',
};

test.each([
  ['production', {}, undefined],
  ['staging', {}, undefined],
  ['production', { JWT_SECRET: '' }, 'JWT_SECRET'],
  ['production', { JWT_REFRESH_SECRET: 'development-only-secret' }, 'JWT_REFRESH_SECRET'],
  ['production', { VALKEY_PASSWORD: 'password' }, 'VALKEY_PASSWORD'],
  ['production', { ENCRYPTION_KEY: '' }, 'ENCRYPTION_KEY'],
  ['staging', { ENCRYPTION_KEY: 'development-only-secret-nor-here' }, 'ENCRYPTION_KEY'],
  ['staging', { DATABASE_APP_PASSWORD: '' }, 'DATABASE_APP_PASSWORD'],
  ['production', { DATABASE_RELAY_PASSWORD: '' }, 'DATABASE_RELAY_PASSWORD'],
  ['production', { DATABASE_IDENTITY_PASSWORD: 'password' }, 'DATABASE_IDENTITY_PASSWORD'],
  ['development', {}, 'BIND_ADDRESS'],
  ['test', { BIND_ADDRESS: '192.168.1.2' }, 'BIND_ADDRESS'],
  ['development', { BIND_ADDRESS: '127.0.0.1' }, undefined],
])('%s with %p', async (NODE_ENV, change, refused) => {
  const { isRefused, output } = await prepare({ ...deployed, NODE_ENV, ...change });
  expect(isRefused).toBe(refused !== undefined);
  if (refused) expect(output).toContain(`${refused}:`);
});
