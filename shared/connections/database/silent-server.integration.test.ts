import { afterAll, expect, test } from 'bun:test';
import { startDatabaseProxy } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { createDatabase } from './database.ts';

const way = await startDatabaseProxy();
const database = createDatabase({
  url: way.url,
  readers: 1,
  writers: 1,
  timeoutMs: 2_000,
  slowQueryMs: 10_000,
});
afterAll(async () => {
  await database.close(100);
  way.close();
});

test('a server that stops responding is reached again by a new connection', async () => {
  const tenantId = newId('org');
  const one = async (how: 'read' | 'write') =>
    (await database[how]({ tenantId }, (tx) => tx.execute(sql`select 1 as one`)))[0];
  expect(await Promise.all([one('read'), one('write')])).toEqual([{ one: 1 }, { one: 1 }]);
  way.dropTraffic();
  const [read, written] = await Promise.allSettled([one('read'), one('write')]);
  expect(read).toMatchObject({ status: 'fulfilled', value: { one: 1 } });
  if (written.status === 'rejected') {
    expect(written.reason).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  }
  expect(await one('write')).toEqual({ one: 1 });
});
