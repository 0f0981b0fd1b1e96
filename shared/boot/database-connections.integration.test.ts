import { afterAll, expect, test } from 'bun:test';
import { loadConfig } from '@insightdesk/shared/config';
import { connect } from '@insightdesk/shared/database';
import { createLogger } from '@insightdesk/shared/logging';
import { createTestDatabase, testEnvironment, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { createAppContainer } from './container.ts';

const [MIN, MAX] = [3, 9];
const server = await createTestDatabase();
const admin = connect(server.adminUrl, { timeoutMs: 10_000 });
afterAll(async () => {
  await admin.end();
  await server.drop();
});

/** The connections of all roles of the services to this database, which only this test uses. */
async function countConnections(): Promise<number> {
  const [row] = await admin`select count(*)::int as count from pg_stat_activity
    where datname = current_database() and usename like 'insightdesk_%'`;
  return row?.count;
}

test.each(['api', 'worker', 'websocket'] as const)(
  '%s: DATABASE_POOL_MIN connections are opened, and under load no more than DATABASE_POOL_MAX in all',
  async (service) => {
    const inDatabase = (url: string) =>
      Object.assign(new URL(url), { pathname: new URL(server.url).pathname }).href;
    const config = loadConfig({
      environment: {
        NODE_ENV: 'test',
        DATABASE_URL: server.url,
        DATABASE_RELAY_URL: server.relayUrl,
        DATABASE_IDENTITY_URL: inDatabase(testEnvironment.identityUrl),
        DATABASE_POOL_MIN: String(MIN),
        DATABASE_POOL_MAX: String(MAX),
        VALKEY_URL: testEnvironment.valkeyUrl,
        ENCRYPTION_KEY: testEnvironment.encryptionKey,
      },
    });
    const log = createLogger({ level: 'silent', format: 'json' }, { service, replica: 't' });
    const { parts, dispose } = createAppContainer(config, log, { service });
    const { database, identityDatabase } = parts;
    expect(await database.open(MIN)).toBe(MIN);
    expect(await countConnections()).toBe(MIN);
    const run = Array.from({ length: 40 }, () => {
      const wait = sql`select pg_sleep(0.02)`;
      return [
        database.read({}, (tx) => tx.execute(wait).execute()),
        database.write({}, (tx) => tx.execute(wait)),
        database.read({ tenantId: newId('org') }, (tx) => tx.execute(wait).execute(), {
          isHeavy: true,
        }),
        ...(service === 'worker' ? [database.write('system', (tx) => tx.execute(wait))] : []),
        ...(service === 'api' ? [identityDatabase.write({}, (tx) => tx.execute(wait))] : []),
      ];
    });
    await Promise.allSettled(run.flat());
    // The others are single connections: for LISTEN, the relay and its sinks.
    const single = { api: 0, worker: 4, websocket: 1 }[service];
    expect(await countConnections()).toBeWithin(MIN, MAX - single + 1);
    await dispose();
    await until(countConnections, { equals: 0 });
  },
);
