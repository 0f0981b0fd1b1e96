import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testEnvironment } from '@insightdesk/shared/testing';
import { createValkey } from '@insightdesk/shared/valkey';
import { serviceEnvironment } from '../../tools/stack/environment.ts';
import { root } from '../../tools/stack/paths.ts';
import { preferredPorts } from '../../tools/stack/processes/ports.ts';
import {
  createServiceProcesses,
  registerAt,
  type ServiceKind,
  type ServiceProcess,
  untilServiceReady,
} from './service-processes.ts';

const otherSystemEnv = readFileSync(
  join(root, 'shared/foundation/config/other-system.env'),
  'utf8',
);
const envWithSecrets = otherSystemEnv
  .replace(/^JWT_SECRET=.*$/m, 'JWT_SECRET=abcdefghijklmnopqrstuvwxyz0123456789')
  .replace(/^JWT_REFRESH_SECRET=.*$/m, 'JWT_REFRESH_SECRET=0123456789abcdefghijklmnopqrstuvwxyz');

const directory = mkdtempSync(join(tmpdir(), 'other-names-'));
const processes = createServiceProcesses(directory);
let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await processes.stop();
  await database.drop();
  rmSync(directory, { recursive: true });
});

/** The URL of a Valkey database that no other test uses. */
const databaseUrl = (number: number) =>
  Object.assign(new URL(testEnvironment.valkeyUrl), { pathname: `/${number}` }).href;

/** Starts a service in the directory of the `.env` file, with the server addresses that `npm start` sets. */
const start = (kind: ServiceKind) =>
  processes.start(
    {
      ...serviceEnvironment(
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
      ),
      VALKEY_CACHE_URL: databaseUrl(13),
      VALKEY_QUEUE_URL: databaseUrl(14),
      VALKEY_SESSION_URL: databaseUrl(15),
      DATABASE_RELAY_URL: database.relayUrl,
      DATABASE_IDENTITY_URL: database.identityUrl,
      NODE_ENV: '',
    },
    { kind },
  );

test('the environment file of another system starts all services with separate Valkey databases', async () => {
  writeFileSync(join(directory, '.env'), envWithSecrets);
  const services = (['api', 'websocket', 'worker'] as const).map(start);
  await Promise.all(services.map((service) => untilServiceReady(service)));
  const api = services[0] as ServiceProcess;
  const password = 'a long enough password';
  const { accessToken } = await registerAt(api, 'ann@example.com', password);
  const me = await fetch(`${api.url}/v1/me`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  expect(me.status).toBe(200);
  const factor = await fetch(`${api.url}/v1/auth/two-factor`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ password }),
  });
  expect(await factor.text()).toContain('otpauth://totp/insightdesk:');
  expect(await keysOf(15)).toSatisfy((keys) => keys.some((key) => key.includes('limit')));
  expect(await keysOf(12)).toSatisfy((keys) => !keys.some((key) => key.includes('limit')));
  expect(await keysOf(14)).toSatisfy((keys) => keys.some((key) => key.startsWith('jobs:')));
  expect(await keysOf(12)).toSatisfy((keys) => !keys.some((key) => key.startsWith('jobs:')));
  const { servers } = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
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
