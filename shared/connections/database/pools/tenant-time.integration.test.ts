import { afterAll, expect, test } from 'bun:test';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import type { Tx } from '../connection.ts';
import { createDatabase } from '../database.ts';

const database = createDatabase({
  url: testEnvironment.databaseUrl,
  readers: 1,
  writers: 1,
  timeoutMs: 10_000,
  slowQueryMs: 10_000,
  tenantTime: { budgetMs: 500, windowMs: 600_000 },
});
afterAll(() => database.close());

const sleep = (seconds: number) => (tx: Tx) =>
  tx.execute(sql`select pg_sleep(${seconds}::float8)`).execute();
const { tenantTime } = database;

test('reads and writes of an organization count, and waiting for those of another one does not', async () => {
  const [loud, quiet] = [newId('org'), newId('org')];
  await Promise.all([
    database.read({ tenantId: loud }, sleep(0.6)),
    database.write({ tenantId: loud }, sleep(0.6)),
    // On the only connection for reads.
    database.read({ tenantId: quiet }, sleep(0)),
  ]);
  expect(tenantTime.waitMs(loud)).toBeGreaterThan(0);
  expect(tenantTime.waitMs(quiet)).toBe(0);
});

test('heavy reads and failed writes count', async () => {
  const [searching, failing] = [newId('org'), newId('org')];
  await database.read({ tenantId: searching }, sleep(2), { isHeavy: true });
  const fails = database.write({ tenantId: failing }, async (tx) => {
    await sleep(2)(tx);
    throw new Error('rolled back');
  });
  await expect(fails).rejects.toThrow('rolled back');
  await database.read({ tenantId: newId('org') }, sleep(0));
  expect(tenantTime.waitMs(searching)).toBeGreaterThan(0);
  expect(tenantTime.waitMs(failing)).toBeGreaterThan(0);
});
