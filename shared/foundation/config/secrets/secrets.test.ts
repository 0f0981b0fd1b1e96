import { afterEach, beforeEach, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecrets, loadConfigWithSecrets, type SecretAccess } from '../index.ts';
import { createVaultSecrets } from './vault-secrets.ts';

const JWT = 'abcdefghijklmnopqrstuvwxyz0123456789';
const needed = { DATABASE_URL: 'postgres://u:p@h/d', VALKEY_URL: 'valkey://h:6379' };

let directory: string;
let stop: (() => unknown) | undefined;
let accesses: SecretAccess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'secrets-'));
  accesses = [];
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await stop?.();
  stop = undefined;
});

const load = (environment: Record<string, string>, more = {}) =>
  loadConfigWithSecrets({
    directory,
    environment: { ...needed, ...environment },
    onAccess: (access) => accesses.push(access),
    ...more,
  });

const failure = (environment: Record<string, string>) =>
  load(environment).then(
    () => expect.unreachable(),
    (error: Error) => error.message,
  );

/** What speaks as Vault does: key-value engine version 2 and AppRole, with tokens that end. */
function openVault({ leaseSeconds = 3_600 } = {}) {
  const seen: string[] = [];
  const tokens = new Set(['root']);
  const values: Record<string, Record<string, unknown>> = { 'secret/data/desk': { jwt: JWT } };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const path = new URL(request.url).pathname.slice('/v1/'.length);
      seen.push(path);
      if (path === 'auth/approle/login') {
        const { role_id, secret_id } = (await request.json()) as Record<string, string>;
        if (role_id !== 'role' || secret_id !== 'half') {
          return Response.json({ errors: ['invalid role or secret ID'] }, { status: 400 });
        }
        const token = `token-${tokens.size}`;
        tokens.add(token);
        return Response.json({ auth: { client_token: token, lease_duration: leaseSeconds } });
      }
      if (!tokens.has(request.headers.get('X-Vault-Token') ?? '')) {
        return Response.json({ errors: ['permission denied'] }, { status: 403 });
      }
      const data = values[path];
      if (!data) return Response.json({ errors: [] }, { status: 404 });
      return Response.json({ data: { data, metadata: { version: 1 } } });
    },
  });
  stop = () => server.stop(true);
  return { address: `http://127.0.0.1:${server.port}`, seen, tokens, values };
}

test('a secret may be a file of its own', async () => {
  writeFileSync(join(directory, 'jwt'), `${JWT}\n`);
  const { config } = await load({ JWT_SECRET_FILE: join(directory, 'jwt') });
  expect(config.auth.jwtSecret).toBe(JWT);
  const { config: again } = await load({ JWT_SECRET: `file:${join(directory, 'jwt')}` });
  expect(again.auth.jwtSecret).toBe(JWT);
  expect(accesses[0]).toEqual({ name: 'JWT_SECRET', provider: 'file', outcome: 'read' });
});

test('or stand in Vault, by a token or by an AppRole whose halves may be files', async () => {
  const { address, seen } = openVault();
  const JWT_SECRET = 'vault:secret/desk#jwt';
  const byToken = await load({ VAULT_ADDR: address, VAULT_TOKEN: 'root', JWT_SECRET });
  expect(byToken.config.auth.jwtSecret).toBe(JWT);
  writeFileSync(join(directory, 'half'), 'half');
  const role = { VAULT_ROLE_ID: 'role', VAULT_SECRET_ID_FILE: join(directory, 'half') };
  const byRole = await load({ VAULT_ADDR: address, ...role, JWT_SECRET });
  expect(byRole.config.auth.jwtSecret).toBe(JWT);
  expect(seen.filter((path) => path === 'auth/approle/login')).toHaveLength(1);
});

test('a token that ends or is taken away is replaced', async () => {
  const { address, tokens, seen } = openVault({ leaseSeconds: 3_600 });
  const vault = createVaultSecrets({ address, roleId: 'role', secretId: 'half' });
  const logins = () => seen.filter((path) => path === 'auth/approle/login').length;
  for (let n = 0; n < 3; n++) await vault.getSecret('vault:secret/desk#jwt');
  expect(logins()).toBe(1);
  tokens.clear();
  expect(await vault.getSecret('vault:secret/desk#jwt')).toBe(JWT);
  expect(logins()).toBe(2);
});

test('a token is replaced before it ends', async () => {
  const { address, seen } = openVault({ leaseSeconds: 0.001 });
  const vault = createVaultSecrets({ address, roleId: 'role', secretId: 'half' });
  await vault.getSecret('vault:secret/desk#jwt');
  await Bun.sleep(5);
  await vault.getSecret('vault:secret/desk#jwt');
  expect(seen).toEqual([
    'auth/approle/login',
    'secret/data/desk',
    'auth/approle/login',
    'secret/data/desk',
  ]);
});

test('what cannot be had is told with all other faults, without values', async () => {
  const { address } = openVault();
  writeFileSync(join(directory, 'twice'), 'hunter2');
  const message = await failure({
    VAULT_ADDR: address,
    VAULT_TOKEN: 'hunter2',
    JWT_SECRET: 'vault:secret/desk#jwt',
    JWT_REFRESH_SECRET: 'vault:secret/../desk#jwt',
    SMTP_PASSWORD_FILE: join(directory, 'nowhere'),
    LOG_WEBHOOK_URL: 'https://a@b.example/1',
    LOG_WEBHOOK_URL_FILE: join(directory, 'twice'),
    PORT: 'eighty',
  });
  expect(message).toContain('JWT_SECRET: Vault denies access');
  expect(message).toContain('JWT_REFRESH_SECRET: a reference looks like');
  expect(message).toContain('SMTP_PASSWORD: there is no such file');
  expect(message).toContain('LOG_WEBHOOK_URL: is set twice');
  expect(message).toContain('PORT: ');
  expect(message).not.toContain('hunter2');
  expect(message.match(/JWT_SECRET: /g)).toHaveLength(1);
  expect(accesses).toContainEqual({ name: 'JWT_SECRET', provider: 'vault', outcome: 'denied' });
});

test.skipIf(process.getuid?.() === 0)('a file that may not be read is denied', async () => {
  writeFileSync(join(directory, 'jwt'), JWT);
  chmodSync(join(directory, 'jwt'), 0);
  await failure({ JWT_SECRET_FILE: join(directory, 'jwt') });
  expect(accesses[0]?.outcome).toBe('denied');
});

test.each([
  ['vault:secret/nothing#jwt', 'Vault has no such secret'],
  ['vault:secret/desk#nothing', 'Vault has no such key there'],
  ['vault:secret#jwt', 'a reference looks like'],
])('%s: %s', async (reference, why) => {
  const { address } = openVault();
  const environment = { VAULT_ADDR: address, VAULT_TOKEN: 'root', JWT_SECRET: reference };
  expect(await failure(environment)).toContain(`JWT_SECRET: ${why}`);
});

test('what is set nowhere is read from a file of its name in the directory of secrets', async () => {
  const keep = (name: string, value: string) => writeFileSync(join(directory, name), value);
  keep('JWT_SECRET', `${JWT}\n`);
  keep('JWT_REFRESH_SECRET', `${JWT}-of the directory`);
  keep('VALKEY_CACHE_URL', 'valkey://:p@cache:6379');
  keep('LOG_WEBHOOK_URL', '');
  keep('LOG_LEVEL', 'silent');
  const { config } = await load({
    SECRETS_DIRECTORY: directory,
    JWT_REFRESH_SECRET: `${JWT}-of the environment`,
  });
  expect(config.auth.jwtSecret).toBe(JWT);
  expect(config.auth.refreshSecret).toBe(`${JWT}-of the environment`);
  expect(config.valkey.cacheUrl).toBe('valkey://:p@cache:6379');
  expect(config.logging).toMatchObject({ webhook: undefined, level: 'info' });
  const { address } = openVault();
  keep('VAULT_TOKEN', 'root');
  keep('JWT_SECRET', '');
  const vault = { SECRETS_DIRECTORY: directory, VAULT_ADDR: address };
  const kept = await load({ ...vault, JWT_SECRET: 'vault:secret/desk#jwt' });
  expect(kept.config.auth.jwtSecret).toBe(JWT);
  keep('JWT_REFRESH_SECRET', 'vault:secret/desk#nothing');
  expect(await failure(vault)).toContain('JWT_REFRESH_SECRET: Vault has no such key there');
  keep('JWT_SECRET', 'vault:secret/desk#jwt');
  keep('JWT_REFRESH_SECRET', '');
  expect((await load(vault)).config.auth.jwtSecret).toBe(JWT);
});

test('a place of one’s own is asked first', async () => {
  const own = {
    name: 'own',
    supportsSecret: (reference: string) => reference.startsWith('own:'),
    getSecret: async () => JWT,
  };
  const { config } = await load({ JWT_SECRET: 'own:jwt' }, { providers: [own] });
  expect(config.auth.jwtSecret).toBe(JWT);
  expect(accesses).toEqual([{ name: 'JWT_SECRET', provider: 'own', outcome: 'read' }]);
});

test('a value is remembered for its time, and every access is told by name', async () => {
  let reads = 0;
  const counting = {
    name: 'counting',
    supportsSecret: () => true,
    getSecret: async () => `value ${++reads}`,
  };
  const open = (ttlSeconds: number) =>
    createSecrets({ providers: [counting], ttlSeconds, onAccess: (one) => accesses.push(one) });
  const secrets = open(60);
  expect([await secrets.getSecret('A', 'x'), await secrets.getSecret('B', 'x')]).toEqual([
    'value 1',
    'value 1',
  ]);
  expect(accesses.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['A read', 'B cached']);
  const forgetful = open(0);
  await forgetful.getSecret('A', 'x');
  expect(await forgetful.getSecret('A', 'x')).toBe('value 3');
  expect(JSON.stringify(accesses)).not.toContain('value');
});
