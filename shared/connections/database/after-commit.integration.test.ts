import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { afterCommit, connect, createDatabase, type Tx } from './index.ts';

const url = testEnvironment.databaseUrl;
const options = { url, readers: 1, writers: 1, timeoutMs: 5000, slowQueryMs: 1000 };
const database = createDatabase(options);
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5000 });
afterAll(() => Promise.all([database.close(), admin.end()]));

const tenantId = newId('org');
const insert = (tx: Tx, id = tenantId) =>
  tx.execute(sql`insert into organizations (id, name) values (${toUuid(id)}, 'T')`);
const count = async () => {
  const [row] =
    await admin`select count(*)::int as n from organizations where id = ${toUuid(tenantId)}`;
  return row?.n;
};

test('afterCommit runs after the commit, when the connection is free again', async () => {
  const seen: unknown[] = [];
  await database.write({ tenantId }, async (tx) => {
    afterCommit(tx, async () => {
      seen.push(await count());
      await database.write({ tenantId }, async () => {});
    });
    await insert(tx);
    expect(seen).toEqual([]);
  });
  expect(seen).toEqual([1]);
});

test('afterCommit never runs after a rollback', async () => {
  let calls = 0;
  const failing = database.write({ tenantId: newId('org') }, async (tx) => {
    afterCommit(tx, () => void calls++);
    throw new Error('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  const refused = database.write({ tenantId }, async (tx) => {
    afterCommit(tx, () => void calls++);
    await insert(tx);
  });
  await expect(refused).rejects.toMatchObject({ name: 'DatabaseError' });
  const swallowed = database.write({ tenantId }, async (tx) => {
    afterCommit(tx, () => void calls++);
    await insert(tx).catch(() => {});
  });
  await expect(swallowed).rejects.toThrow('rolled back');
  await database.write({ tenantId }, async () => {});
  expect(calls).toBe(0);
});

test('afterCommit runs once for a transaction that was retried', async () => {
  let runs = 0;
  let calls = 0;
  await database.write({ tenantId }, async (tx) => {
    afterCommit(tx, () => void calls++);
    if (++runs === 1) throw Object.assign(new Error('conflict'), { code: '40001' });
  });
  expect({ runs, calls }).toEqual({ runs: 2, calls: 1 });
});

test('afterCommit is refused in a read', async () => {
  const read = database.read({ tenantId }, async (tx) => afterCommit(tx, () => {}));
  await expect(read).rejects.toThrow('open write transaction');
});
