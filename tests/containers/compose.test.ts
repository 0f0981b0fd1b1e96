import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { root, run } from '../../tools/verify/run.ts';
import { interpolate } from './interpolate.ts';

interface Service {
  ports?: string[];
  networks?: string[];
  command?: string[];
  profiles?: string[];
  image?: string;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  volumes?: string[];
  security_opt?: string[];
  healthcheck?: object;
  logging?: object;
  environment?: Record<string, string>;
  deploy?: { resources?: { limits?: { memory?: string } } };
}
const compose = Bun.YAML.parse(await Bun.file(join(root, 'docker-compose.yml')).text()) as {
  services: Record<string, Service>;
  networks: Record<string, object>;
};

/** Runs prepare.sh with these variables. It fails without a directory for the certificate even if it accepts them. */
async function prepare(env: Record<string, string>) {
  const directories = { GIVEN: '/nowhere', SECRETS_OUT: '/nowhere', TLS: '/nowhere' };
  const { exitCode, output } = await run(['sh', 'deploy/containers/prepare.sh'], {
    env: { ...directories, ...env },
  });
  return { isRefused: exitCode === 78, output };
}

test('published ports bind to 127.0.0.1 unless BIND_ADDRESS is set', () => {
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
  expect(ports).toHaveLength(4);
  for (const port of ports) {
    expect(port).toMatch(/^(127\.0\.0\.1|\$\{BIND_ADDRESS:-127\.0\.0\.1\}):/);
  }
});

const networksOf = (service: string) => [compose.services[service]?.networks ?? []].flat();

test('services on the public network share no network with the stores', () => {
  const stores = Object.keys(compose.services).filter((name) => networksOf(name).join() === 'data');
  expect(stores.toSorted()).toEqual([
    ...['backup', 'cache', 'migrate', 'pgbouncer', 'postgres', 'replica', 'replication'],
    ...['restore', 'valkey'],
  ]);
  expect(compose.networks.data).toEqual({ internal: true });
  const published = Object.keys(compose.services).filter((name) => compose.services[name]?.ports);
  expect(published).toEqual(['nginx', 'inbox', 'grafana']);
  for (const name of published) expect(networksOf(name)).not.toContain('data');
  const onPublic = Object.keys(compose.services).filter((name) =>
    networksOf(name).includes('public'),
  );
  expect(onPublic).toEqual(['nginx']);
});

test('the certificate service has its own network and only the certificate volumes', () => {
  expect(networksOf('certificates')).toEqual(['certificates']);
  const others = Object.keys(compose.services).filter((name) => name !== 'certificates');
  for (const name of others) expect(networksOf(name)).not.toContain('certificates');
  const mounted = (compose.services.certificates?.volumes ?? []).filter(
    (volume) => !/^\./.test(volume),
  );
  expect(mounted.map((volume) => volume.split(':')[0])).toEqual(['tls', 'acme', 'certificates']);
});

test('every service that runs by default has a health check and a memory limit', () => {
  const running = Object.entries(compose.services).filter(
    ([name, { profiles = [] }]) => profiles.length === 0 && !['prepare', 'migrate'].includes(name),
  );
  expect(running.map(([name]) => name).toSorted()).toEqual([
    ...['api-1', 'api-2', 'cache', 'nginx', 'postgres', 'valkey'],
    ...['websocket-1', 'websocket-2', 'worker'],
  ]);
  for (const [name, { healthcheck, deploy }] of running) {
    const memory = deploy?.resources?.limits?.memory;
    expect([name, healthcheck, memory]).toEqual([name, expect.any(Object), expect.any(String)]);
  }
});

test('optional services are in a profile', () => {
  const profiled = Object.entries(compose.services).flatMap(([name, { profiles = [] }]) =>
    profiles.map((profile) => [profile, name]),
  );
  const named = Object.groupBy(profiled, ([profile]) => profile ?? '');
  const members = Object.entries(named).map(([profile, found = []]) => [
    profile,
    found.map(([, name]) => name),
  ]);
  expect(Object.fromEntries(members)).toMatchObject({
    inbox: ['inbox'],
    pgbouncer: ['pgbouncer'],
    replica: ['replication', 'replica'],
    backup: ['replication', 'backup'],
    certificates: ['certificates'],
    antivirus: ['clamd'],
    observability: ['prometheus', 'alertmanager', 'grafana', 'collector'],
  });
});

test('every mounted file exists', () => {
  const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes);
  const paths = mounts.flatMap((mount) => /^(\.\/[^:]+):/.exec(mount)?.[1] ?? []);
  expect(paths.length).toBeGreaterThan(10);
  const hasObservability = existsSync(join(root, 'deploy/observability'));
  const expected = paths.filter((path) => hasObservability || !path.includes('/observability/'));
  expect(expected.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

/** They run as root, because they change the owner of files in volumes. */
const rootServices = ['prepare', 'certificates'];

test('no container runs as root or writes to its root file system', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    const { read_only, cap_drop, cap_add, security_opt, user, image = '' } = service;
    expect([name, read_only, cap_drop, security_opt]).toEqual([
      ...[name, true, ['ALL']],
      ['no-new-privileges:true'],
    ]);
    if (rootServices.includes(name)) continue;
    expect([name, cap_add]).toEqual([name, undefined]);
    // Our images set their user; for others the compose file must.
    const isOurs = /insightdesk/.test(image);
    expect([name, user !== undefined && !/^(root|0)(:|$)/.test(user)]).toEqual([name, !isOurs]);
  }
});

test('the logs of every container are limited', () => {
  for (const [name, { logging }] of Object.entries(compose.services)) {
    const options = { 'max-size': '10m', 'max-file': '3' };
    expect([name, logging]).toEqual([name, { driver: 'json-file', options }]);
  }
});

test('APP_URL follows HTTPS_PORT with a copied .env.example', async () => {
  const example = parseEnv(await Bun.file(join(root, '.env.example')).text());
  expect(example.APP_URL).toBeUndefined();
  const appUrl = compose.services['api-1']?.environment?.APP_URL ?? '';
  const variables = { ...example, HTTPS_PORT: '9443' } as Record<string, string>;
  expect(interpolate(appUrl, variables)).toBe('https://localhost:9443');
});

test('the queue Valkey never evicts and the cache Valkey may', () => {
  const commandOf = (name: string) => compose.services[name]?.command?.join(' ');
  expect(commandOf('valkey')).toContain('--appendonly yes');
  expect(commandOf('valkey')).toContain('--maxmemory-policy noeviction');
  expect(commandOf('cache')).toContain('--maxmemory-policy allkeys-lru');
  expect(commandOf('cache')).not.toContain('appendonly');
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
  ['development', { BIND_ADDRESS: '', VALKEY_PASSWORD: 'a@b' }, 'VALKEY_PASSWORD'],
  ['production', { DATABASE_RELAY_PASSWORD: '' }, 'DATABASE_RELAY_PASSWORD'],
  ['production', { DATABASE_IDENTITY_PASSWORD: 'password' }, 'DATABASE_IDENTITY_PASSWORD'],
  ['production', { DATABASE_REPLICATION_PASSWORD: 'password' }, 'DATABASE_REPLICATION_PASSWORD'],
  ['staging', { GRAFANA_PASSWORD: 'password' }, 'GRAFANA_PASSWORD'],
  ['production', { GRAFANA_PASSWORD: 'a9', DATABASE_REPLICATION_PASSWORD: 'a8' }, undefined],
  ['development', {}, 'BIND_ADDRESS'],
  ['test', { BIND_ADDRESS: '192.168.1.2' }, 'BIND_ADDRESS'],
  ['development', { BIND_ADDRESS: '127.0.0.1' }, undefined],
])('prepare.sh in %s with %p', async (NODE_ENV, change, refused) => {
  const { isRefused, output } = await prepare({ ...deployed, NODE_ENV, ...change });
  expect(isRefused).toBe(refused !== undefined);
  if (refused) expect(output).toContain(`  ${refused} `);
});
