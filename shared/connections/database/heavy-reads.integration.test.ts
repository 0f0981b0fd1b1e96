import { afterAll, expect, test } from 'bun:test';
import { createTestContext } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { createDatabase } from './database.ts';
import type { Tx } from './tx.ts';

const { config, close } = createTestContext();
const database = createDatabase({
  ...config.database,
  poolMin: 1,
  heavy: { connections: 2, timeoutMs: 4_000 },
});
afterAll(() => Promise.all([database.close(), close()]));

const sleep = (seconds: number) => (tx: Tx) => tx.execute(sql`select pg_sleep(${seconds}::float8)`);
const heavy = { isHeavy: true };
const search = (seconds: number, tenantId = newId('org')) =>
  database.read({ tenantId }, sleep(seconds), heavy);

test('a cheap read does not wait for expensive ones', async () => {
  const order: string[] = [];
  const searches = Array.from({ length: 4 }, () => search(2).then(() => order.push('search')));
  for (let i = 0; i < 3; i++) {
    await database.read({}, sleep(0));
    order.push('cheap');
  }
  await Promise.all(searches);
  expect(order.slice(0, 3)).toEqual(['cheap', 'cheap', 'cheap']);
});

test('one that takes too long is ended, with a problem that says so', async () => {
  await expect(search(30)).rejects.toMatchObject({ status: 422, code: 'QUERY_TOO_BROAD' });
  await search(0);
});

test('no more than a few wait, fewer still of one organisation', async () => {
  const busy = { status: 503, code: 'SEARCH_BUSY', headers: { 'Retry-After': '1' } };
  const tenantId = newId('org');
  const own = Array.from({ length: 5 }, () => search(0.1, tenantId));
  await expect(own.pop()).rejects.toMatchObject(busy);
  const others = Array.from({ length: 5 }, () => search(0.1));
  await expect(others.pop()).rejects.toMatchObject(busy);
  await Promise.all([...own, ...others]);
  await search(0, tenantId);
});
