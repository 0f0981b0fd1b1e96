import { afterAll, expect, test } from 'bun:test';
import { createTestContext } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import type { Tx } from '../connection.ts';
import { createDatabase } from '../database.ts';

const { config, close } = createTestContext();
const database = createDatabase({
  ...config.database,
  readers: 1,
  writers: 1,
  heavy: { connections: 2, timeoutMs: 2_000 },
});
afterAll(() => Promise.all([database.close(), close()]));

const sleep = (seconds: number) => (tx: Tx) => tx.execute(sql`select pg_sleep(${seconds}::float8)`);
const heavy = { isHeavy: true };
const search = (seconds: number, tenantId = newId('org')) =>
  database.read({ tenantId }, sleep(seconds), heavy);

test('a read does not wait for heavy reads', async () => {
  const order: string[] = [];
  const searches = Array.from({ length: 4 }, () => search(0.7).then(() => order.push('search')));
  for (let i = 0; i < 3; i++) {
    await database.read({}, sleep(0));
    order.push('read');
  }
  await Promise.all(searches);
  expect(order.slice(0, 3)).toEqual(['read', 'read', 'read']);
});

test('a heavy read beyond its timeout fails with QUERY_TOO_BROAD', async () => {
  await expect(search(30)).rejects.toMatchObject({ status: 422, code: 'QUERY_TOO_BROAD' });
  await search(0);
});

test('heavy reads beyond the limits of all organizations and of one fail with SEARCH_BUSY', async () => {
  const busy = { status: 503, code: 'SEARCH_BUSY', headers: { 'Retry-After': '1' } };
  const tenantId = newId('org');
  const own = Array.from({ length: 5 }, () => search(0.1, tenantId));
  await expect(own.pop()).rejects.toMatchObject(busy);
  const others = Array.from({ length: 5 }, () => search(0.1));
  await expect(others.pop()).rejects.toMatchObject(busy);
  await Promise.all([...own, ...others]);
  await search(0, tenantId);
});
