import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testEnvironment, until } from '@insightdesk/shared/testing';
import { createValkey } from '@insightdesk/shared/valkey';
import { serviceEnvironment } from '../../tools/stack/environment.ts';
import { root } from '../../tools/stack/paths.ts';
import { preferredPorts, takePort } from '../../tools/stack/processes/ports.ts';

const otherSystemEnv = readFileSync(
  join(root, 'shared/foundation/config/other-system.env'),
  'utf8',
);
const envWithSecrets = otherSystemEnv
  .replace(/^JWT_SECRET=.*$/m, 'JWT_SECRET=abcdefghijklmnopqrstuvwxyz0123456789')
  .replace(/^JWT_REFRESH_SECRET=.*$/m, 'JWT_REFRESH_SECRET=0123456789abcdefghijklmnopqrstuvwxyz');

const directory = mkdtempSync(join(tmpdir(), 'other-names-'));
const started: Bun.Subprocess<'ignore', 'pipe', 'pipe'>[] = [];
let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  for (const child of started) child.kill();
  await Promise.all(started.map(({ exited }) => exited));
  await database.drop();
  rmSync(directory, { recursive: true });
});

/** The URL of a Valkey database that no other test uses. */
const databaseUrl = (number: number) =>
  Object.assign(new URL(testEnvironment.valkeyUrl), { pathname: `/${number}` }).href;

/** Starts a service in the directory of the `.env` file, with the server addresses that `npm start` sets. */
function start(kind: 'api' | 'websocket' | 'worker') {
  const port = takePort();
  const serverVariables = serviceEnvironment(
    {
      directory,
      ports: preferredPorts,
      secrets: {} as Parameters<typeof serviceEnvironment>[0]['secrets'],
      url: 'https://localhost:8443',
      databaseUrl: database.url,
      valkeyUrl: databaseUrl(12),
      inboxUrl: 'http://127.0.0.1:9',
    },
    { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR },
  );
  const env = {
    ...serverVariables,
    VALKEY_CACHE_URL: databaseUrl(13),
    VALKEY_QUEUE_URL: databaseUrl(14),
    VALKEY_SESSION_URL: databaseUrl(15),
    DATABASE_RELAY_URL: database.relayUrl,
    DATABASE_IDENTITY_URL: database.identityUrl,
    HOST: '127.0.0.1',
    PORT: `${port}`,
    NODE_ENV: '',
  };
  const child = Bun.spawn(
    [process.execPath, '--no-env-file', join(root, 'services', kind, 'main.ts')],
    { cwd: directory, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  );
  started.push(child);
  return { child, url: `http://127.0.0.1:${port}` };
}

async function ready({ child, url }: ReturnType<typeof start>): Promise<void> {
  await until(`readiness of ${url}`, async () => {
    if (child.exitCode !== null) throw new Error(await new Response(child.stderr).text());
    return (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok;
  });
}

test('a service reports default secrets of another system and does not start', async () => {
  writeFileSync(join(directory, '.env'), otherSystemEnv);
  const { child } = start('api');
  expect(await child.exited).toBe(78);
  const stderr = await new Response(child.stderr).text();
  expect(stderr.match(/^ {2}\w+(?=: )/gm)?.map((name) => name.trim())).toEqual([
    'JWT_SECRET',
    'JWT_REFRESH_SECRET',
  ]);
});

test('the environment file of another system starts all services with separate Valkey databases', async () => {
  writeFileSync(join(directory, '.env'), envWithSecrets);
  const services = (['api', 'websocket', 'worker'] as const).map(start);
  await Promise.all(services.map(ready));
  const [api] = services;
  const response = await fetch(`${api?.url}/v1/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      email: 'ann@example.com',
      password: 'a long enough password',
      name: 'Ann',
      organizationName: 'A tenant',
    }),
  });
  expect(response.status).toBe(201);
  const { accessToken } = (await response.json()) as { accessToken: string };
  const me = await fetch(`${api?.url}/v1/me`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  expect(me.status).toBe(200);
  const factor = await fetch(`${api?.url}/v1/auth/two-factor`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ password: 'a long enough password' }),
  });
  expect(await factor.text()).toContain('otpauth://totp/insightdesk:');
  expect(await keysOf(15)).toSatisfy((keys) => keys.some((key) => key.includes('limit')));
  expect(await keysOf(12)).toSatisfy((keys) => !keys.some((key) => key.includes('limit')));
  expect(await keysOf(14)).toSatisfy((keys) => keys.some((key) => key.startsWith('jobs:')));
  expect(await keysOf(12)).toSatisfy((keys) => !keys.some((key) => key.startsWith('jobs:')));
  const { servers } = (await (await fetch(`${api?.url}/openapi.json`)).json()) as {
    servers: object[];
  };
  expect(servers).toEqual([{ url: 'https://localhost:8443' }]);
  for (const { child } of services) {
    child.kill();
    expect(await child.exited).toBe(0);
    const output = await new Response(child.stdout).text();
    for (const variable of ['FEATURE_ANALYTICS_ENABLED', 'SENTRY_DSN']) {
      expect(output).toContain(`config: ${variable} is set but unused because`);
    }
  }
});

async function keysOf(number: number): Promise<string[]> {
  const valkey = createValkey(databaseUrl(number), {
    name: 'test',
    role: 'command',
    onError: () => {},
  });
  try {
    return await valkey.keys('*');
  } finally {
    valkey.disconnect();
  }
}
