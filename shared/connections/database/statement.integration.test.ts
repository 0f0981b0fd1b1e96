import { afterAll, expect, test } from 'bun:test';
import { openIsolatedDatabase } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { and, asc, eq, sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { instant, tenantId, typeId } from './columns.ts';
import { withCommit } from './connection.ts';
import { createDatabase } from './database.ts';
import { statement } from './statement.ts';

const things = pgTable('things', {
  tenantId: tenantId(),
  id: typeId('id', 'tsk').notNull(),
  name: text('name').notNull(),
  size: integer('size'),
  tags: text('tags').array().notNull(),
  at: instant('at').notNull(),
});

const tenant = newId('org');
const options = { readers: 1, writers: 1, timeoutMs: 5_000, slowQueryMs: 5_000 };
const { url, database, admin, close } = await openIsolatedDatabase(options);
afterAll(close);
await admin.unsafe(`create table things (tenant_id uuid not null, id uuid primary key,
  name text not null unique, size int, tags text[] not null, at timestamptz(3) not null);
  grant all on things to insightdesk_app`);

const all = { tenantId: things.tenantId, id: things.id, name: things.name, size: things.size };
const insert = statement({ ...all, tags: things.tags, at: things.at }, (row, q) =>
  q.insert(things).values(row),
);
let composed = 0;
const find = statement(
  { tenantId: things.tenantId },
  ({ tenantId: tenant, name, size }, q) => {
    composed++;
    return q
      .select()
      .from(things)
      .where(
        and(
          eq(things.tenantId, tenant),
          name && eq(things.name, name),
          size && eq(things.size, size),
        ),
      )
      .orderBy(asc(things.id));
  },
  { optional: { name: things.name, size: things.size } },
);

const thing = (name: string, size: number | null = null) => ({
  tenantId: tenant,
  id: newId('tsk'),
  name,
  size,
  tags: ['a,b', 'ü"'],
  at: new Date('2026-01-02T03:04:05.678Z'),
});

test('rows are returned as they were inserted, through their columns', async () => {
  const row = thing('é 😀', 7);
  await database.write({}, (tx) => insert(tx, row));
  expect(await database.read({}, (tx) => find(tx, { tenantId: tenant, name: 'é 😀' }))).toEqual([
    row,
  ]);
});

test('a statement is composed once per combination of arguments, for all connections', async () => {
  const before = composed;
  for (let n = 0; n < 3; n++) {
    await database.read({}, (tx) => find(tx, { tenantId: tenant, size: 7 }));
    await database.write({}, (tx) => find(tx, { tenantId: tenant, size: n }));
    await database.read({}, (tx) => find(tx, { tenantId: tenant, size: undefined }));
  }
  expect(composed - before).toBe(2);
});

test('withCommit: a failed statement fails the transaction with its own error', async () => {
  const twice = thing('twice');
  await database.write({}, (tx) => insert(tx, twice));
  const again = database.write({}, async (tx) => {
    withCommit(tx, insert(tx, { ...thing('with it') }));
    withCommit(tx, insert(tx, { ...twice, id: newId('tsk') }));
  });
  await expect(again).rejects.toMatchObject({ message: expect.stringContaining('23505') });
  const left = await database.read({}, (tx) => find(tx, { tenantId: tenant, name: 'with it' }));
  expect(left).toEqual([]);
});

test('statements that are sent together fail with the error of the first', async () => {
  const failing = database.read({}, async (tx) => {
    await Promise.all([
      tx.execute(sql`select 1/0`).execute(),
      find(tx, { tenantId: tenant }),
      tx.execute(sql`select 1`).execute(),
    ]);
  });
  await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('22012') });
  const [row] = await database.read({}, (tx) => tx.execute(sql`select 1 as one`));
  expect(row).toEqual({ one: 1 });
});

test('a prepared statement is prepared again after the table has changed', async () => {
  const select = () => database.read({}, (tx) => tx.execute(sql`select * from things limit 1`));
  await select();
  await database.write({}, (tx) => tx.execute(sql`select 1`));
  await admin`alter table things add column extra int`;
  expect(Object.keys((await select())[0] ?? {})).toContain('extra');
});

test('prepare: false prepares no statement by name', async () => {
  const bare = createDatabase({ ...options, url, prepare: false });
  const names = sql`select count(*)::int as names from pg_prepared_statements`;
  await bare.read({}, (tx) => find(tx, { tenantId: tenant, name: 'twice' }));
  const [row] = await bare.read({}, (tx) => tx.execute(names));
  expect(row?.names).toBe(0);
  await bare.close();
});

test('many rows and long texts are returned complete', async () => {
  const query = sql`select n, repeat('é', 20000) as long from generate_series(1, 300) n`;
  const rows = await database.read({}, (tx) => tx.execute<{ n: number; long: string }>(query));
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
  expect(new Set(rows.map(({ long }) => long)).size).toBe(1);
  expect(rows[0]?.long).toBe('é'.repeat(20_000));
});
