import { afterEach, beforeEach, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfigWithSecrets } from '../index.ts';
import { createSecretStore, type SecretAccess } from './secret-store.ts';
import { createVaultSecrets } from './vault-secrets.ts';

const JWT = 'abcdefghijklmnopqrstuvwxyz0123456789';
const required = { DATABASE_URL: 'postgres://u:p@h/d', VALKEY_URL: 'valkey://h:6379' };

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
    environment: { ...required, ...environment },
    onAccess: (access) => accesses.push(access),
    ...more,
  });

const errorOf = (environment: Record<string, string>) =>
  load(environment).then(
    () => expect.unreachable(),
    (error: Error) => error.message,
  );

/** A server with the API of Vault: key-value engine version 2 and AppRole, tokens that expire. */
function startVault({ leaseSeconds = 3_600 } = {}) {
  const requests: string[] = [];
  const tokens = new Set(['root']);
  const values: Record<string, Record<string, unknown>> = { 'secret/data/desk': { jwt: JWT } };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const path = new URL(request.url).pathname.slice('/v1/'.length);
      requests.push(path);
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
  return { address: `http://127.0.0.1:${server.port}`, requests, tokens, values };
}

test('secrets: NAME_FILE and file: references are read from a file', async () => {
  writeFileSync(join(directory, 'jwt'), `${JWT}\n`);
  const { config } = await load({ JWT_SECRET_FILE: join(directory, 'jwt') });
  expect(config.auth.jwtSecret).toBe(JWT);
  const { config: again } = await load({ JWT_SECRET: `file:${join(directory, 'jwt')}` });
  expect(again.auth.jwtSecret).toBe(JWT);
  expect(accesses[0]).toEqual({ name: 'JWT_SECRET', provider: 'file', outcome: 'read' });
});

test('secrets: Vault is read with a token or an AppRole with its secret id in a file', async () => {
  const { address, requests } = startVault();
  const JWT_SECRET = 'vault:secret/desk#jwt';
  const byToken = await load({ VAULT_ADDR: address, VAULT_TOKEN: 'root', JWT_SECRET });
  expect(byToken.config.auth.jwtSecret).toBe(JWT);
  writeFileSync(join(directory, 'half'), 'half');
  const role = { VAULT_ROLE_ID: 'role', VAULT_SECRET_ID_FILE: join(directory, 'half') };
  const byRole = await load({ VAULT_ADDR: address, ...role, JWT_SECRET });
  expect(byRole.config.auth.jwtSecret).toBe(JWT);
  expect(requests.filter((path) => path === 'auth/approle/login')).toHaveLength(1);
});

test('vault: a refused token is replaced', async () => {
  const { address, tokens, requests } = startVault({ leaseSeconds: 3_600 });
  const vault = createVaultSecrets({ address, roleId: 'role', secretId: 'half' });
  const logins = () => requests.filter((path) => path === 'auth/approle/login').length;
  for (let n = 0; n < 3; n++) await vault.getSecret('vault:secret/desk#jwt');
  expect(logins()).toBe(1);
  tokens.clear();
  expect(await vault.getSecret('vault:secret/desk#jwt')).toBe(JWT);
  expect(logins()).toBe(2);
});

test('vault: a token is replaced before it expires', async () => {
  const { address, requests } = startVault({ leaseSeconds: 0.001 });
  const vault = createVaultSecrets({ address, roleId: 'role', secretId: 'half' });
  await vault.getSecret('vault:secret/desk#jwt');
  await Bun.sleep(5);
  await vault.getSecret('vault:secret/desk#jwt');
  expect(requests).toEqual([
    'auth/approle/login',
    'secret/data/desk',
    'auth/approle/login',
    'secret/data/desk',
  ]);
});

test('secrets: those that cannot be read are reported with all other errors, without values', async () => {
  const { address } = startVault();
  writeFileSync(join(directory, 'twice'), 'hunter2');
  const message = await errorOf({
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
  expect(message).toContain('JWT_REFRESH_SECRET: the reference must have the form');
  expect(message).toContain('SMTP_PASSWORD: the file does not exist');
  expect(message).toContain('LOG_WEBHOOK_URL: is set twice');
  expect(message).toContain('PORT: ');
  expect(message).not.toContain('hunter2');
  expect(message.match(/JWT_SECRET: /g)).toHaveLength(1);
  expect(accesses).toContainEqual({ name: 'JWT_SECRET', provider: 'vault', outcome: 'denied' });
});

test.skipIf(process.getuid?.() === 0)(
  'secrets: a file without read permission is reported as denied',
  async () => {
    writeFileSync(join(directory, 'jwt'), JWT);
    chmodSync(join(directory, 'jwt'), 0);
    await errorOf({ JWT_SECRET_FILE: join(directory, 'jwt') });
    expect(accesses[0]?.outcome).toBe('denied');
  },
);

test.each([
  ['vault:secret/nothing#jwt', 'Vault does not have this secret'],
  ['vault:secret/desk#nothing', 'the Vault secret does not have this key'],
  ['vault:secret#jwt', 'the reference must have the form'],
])('vault: reference %s fails with "%s"', async (reference, reason) => {
  const { address } = startVault();
  const environment = { VAULT_ADDR: address, VAULT_TOKEN: 'root', JWT_SECRET: reference };
  expect(await errorOf(environment)).toContain(`JWT_SECRET: ${reason}`);
});

test('secrets: a variable that is not set is read from SECRETS_DIRECTORY', async () => {
  const writeSecret = (name: string, value: string) => writeFileSync(join(directory, name), value);
  writeSecret('JWT_SECRET', `${JWT}\n`);
  writeSecret('JWT_REFRESH_SECRET', `${JWT}-of the directory`);
  writeSecret('VALKEY_CACHE_URL', 'valkey://:p@cache:6379');
  writeSecret('LOG_WEBHOOK_URL', '');
  writeSecret('LOG_LEVEL', 'silent');
  const { config } = await load({
    SECRETS_DIRECTORY: directory,
    JWT_REFRESH_SECRET: `${JWT}-of the environment`,
  });
  expect(config.auth.jwtSecret).toBe(JWT);
  expect(config.auth.refreshSecret).toBe(`${JWT}-of the environment`);
  expect(config.valkey.cacheUrl).toBe('valkey://:p@cache:6379');
  expect(config.logging).toMatchObject({ webhook: undefined, level: 'info' });
  const { address } = startVault();
  writeSecret('VAULT_TOKEN', 'root');
  writeSecret('JWT_SECRET', '');
  const vault = { SECRETS_DIRECTORY: directory, VAULT_ADDR: address };
  const fromVault = await load({ ...vault, JWT_SECRET: 'vault:secret/desk#jwt' });
  expect(fromVault.config.auth.jwtSecret).toBe(JWT);
  writeSecret('JWT_REFRESH_SECRET', 'vault:secret/desk#nothing');
  expect(await errorOf(vault)).toContain(
    'JWT_REFRESH_SECRET: the Vault secret does not have this key',
  );
  writeSecret('JWT_SECRET', 'vault:secret/desk#jwt');
  writeSecret('JWT_REFRESH_SECRET', '');
  expect((await load(vault)).config.auth.jwtSecret).toBe(JWT);
});

test('secrets: a custom provider is used before the built-in ones', async () => {
  const custom = {
    name: 'custom',
    supportsSecret: (reference: string) => reference.startsWith('custom:'),
    getSecret: async () => JWT,
  };
  const { config } = await load({ JWT_SECRET: 'custom:jwt' }, { providers: [custom] });
  expect(config.auth.jwtSecret).toBe(JWT);
  expect(accesses).toEqual([{ name: 'JWT_SECRET', provider: 'custom', outcome: 'read' }]);
});

test('secrets: a value is cached for its TTL, and every access is reported by name', async () => {
  let reads = 0;
  const counting = {
    name: 'counting',
    supportsSecret: () => true,
    getSecret: async () => `value ${++reads}`,
  };
  const createStore = (ttlSeconds: number) =>
    createSecretStore({
      providers: [counting],
      ttlSeconds,
      onAccess: (access) => accesses.push(access),
    });
  const secrets = createStore(60);
  expect([await secrets.getSecret('A', 'x'), await secrets.getSecret('B', 'x')]).toEqual([
    'value 1',
    'value 1',
  ]);
  expect(accesses.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['A read', 'B cached']);
  const uncached = createStore(0);
  await uncached.getSecret('A', 'x');
  expect(await uncached.getSecret('A', 'x')).toBe('value 3');
  expect(JSON.stringify(accesses)).not.toContain('value');
});

test.each([
  ['export default { name: "own" }', 'supportsSecret'],
  ['throw new Error("not today")', 'not today'],
])('secrets: the provider module %p is refused with its path', async (text, reason) => {
  const path = join(directory, `provider-${reason.length}.ts`);
  writeFileSync(path, text);
  const message = await errorOf({ SECRETS_PROVIDERS: path });
  expect(message).toContain(`SECRETS_PROVIDERS: ${path} is not a secret provider`);
  expect(message).toContain(reason);
});
