import { expect, test } from 'bun:test';
import { testEnvironment } from '@insightdesk/shared/testing';
import { sql } from 'drizzle-orm';
import { createDatabase } from '../database.ts';

test('pools show a waiting write, and statements count failures by name', async () => {
  const own = createDatabase({
    url: testEnvironment.databaseUrl,
    readers: 1,
    writers: 1,
    timeoutMs: 5_000,
    slowQueryMs: 5_000,
  });
  const writes = () => own.pools.find(({ name }) => name === 'writes');
  expect(writes()).toMatchObject({ size: 1, open: 0, busy: 0, waiting: 0 });
  const gate = Promise.withResolvers<void>();
  const first = own.write({}, async (tx) => {
    await tx.execute(sql`select 1`);
    await gate.promise;
  });
  const second = own.write({}, (tx) => tx.execute(sql`select nothing from nowhere`));
  expect(writes()).toMatchObject({ busy: 1, waiting: 1 });
  gate.resolve();
  await first;
  await expect(second).rejects.toThrow();
  expect(writes()).toMatchObject({ size: 1, open: 1, busy: 0, waiting: 0 });
  const { failures, statements } = own.statements;
  expect(failures.get('select nowhere')).toBe(1);
  expect(failures.get('select')).toBe(0);
  const counts = statements.samples('sql').filter((one) => one.metricName === 'sql_count');
  const names = counts.map(({ labels }) => labels.statement);
  expect(names).toEqual(expect.arrayContaining(['select', 'select nowhere', 'begin', 'commit']));
  await own.close();
});
