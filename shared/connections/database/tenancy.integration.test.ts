import { afterAll, beforeAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { createDatabase, type Database } from './database.ts';

/** Tables that belong to no organisation, and why. */
const shared: Record<string, string> = {
  second_factors: 'a person’s own, seen in its name only: domain/factors tests it',
  recovery_codes: 'as second_factors',
  passkeys: 'as second_factors',
  consumed_tokens: 'as second_factors',
  users: 'people are global; their memberships tie them to organisations',
  email_links: 'what is mailed to people, who are global',
  daily_counts: 'counted by a function that the services may call, and nothing else',
  signing_keys: "the installation's: what tokens are signed with, sealed",
  tenant_deletions: "the operator's ledger: what was erased, without a word about people",
  tenant_deletion_users: 'who belonged to what is being erased; empty when that is done',
  schedules: "the operator's: what the clock causes in all organisations",
};

interface Table {
  name: string;
  isProtected: boolean;
}

const own = newId('org');
const stranger = newId('org');
let place: Awaited<ReturnType<typeof createTestDatabase>>;
let admin: Sql;
let database: Database;
let tables: Table[];

beforeAll(async () => {
  place = await createTestDatabase();
  admin = postgres(place.adminUrl, { max: 1 });
  database = createDatabase({
    url: place.url,
    poolMin: 1,
    poolMax: 1,
    timeoutMs: 5_000,
    slowQueryMs: 5_000,
  });
  tables = await admin<Table[]>`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity
      and exists (select from pg_policy p where p.polrelid = c.oid) as "isProtected"
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`;
});
afterAll(async () => {
  await database.close();
  await admin.end();
  await place.drop();
});

const byTenant = () => tables.filter(({ name }) => !Object.hasOwn(shared, name));
const tenantColumn = (table: string) => (table === 'organizations' ? 'id' : 'tenant_id');

/** A row of this organisation, with something of its type in every column that needs it. */
async function plant(sql: TransactionSql, table: string): Promise<void> {
  const columns = await sql<{ name: string; type: string }[]>`
    select column_name as name, udt_name as type from information_schema.columns
    where table_schema = 'public' and table_name = ${table} and is_nullable = 'NO'
      and column_default is null and is_identity = 'NO' and column_name <> ${tenantColumn(table)}`;
  const values: Record<string, unknown> = { [tenantColumn(table)]: toUuid(own) };
  for (const { name, type } of columns) {
    if (!Object.hasOwn(samples, type)) throw new Error(`No sample of ${type} for ${table}.${name}`);
    values[name] = samples[type];
  }
  await sql`insert into ${sql(table)} ${sql(values)}`;
}

const samples: Record<string, unknown> = {
  uuid: crypto.randomUUID(),
  text: 'x',
  int4: 1,
  int8: 1,
  timestamptz: new Date(),
  date: '2020-02-02',
  bool: false,
  jsonb: {},
  _text: [],
};

async function rowsOf(table: string, scope: { tenantId?: typeof own }): Promise<number> {
  const rows = await database.read(scope, (tx) => tx.execute(`select 1 from ${table}`));
  return rows.length;
}

test('every table belongs to an organisation, or is known to belong to none', async () => {
  const withTenant = await admin<{ name: string }[]>`
    select table_name as name from information_schema.columns
    where table_schema = 'public' and column_name = 'tenant_id'`;
  const names = withTenant.map(({ name }) => name);
  expect([...names, 'organizations'].toSorted()).toEqual(
    byTenant()
      .map((t) => t.name)
      .toSorted(),
  );
});

test('each of these has forced row-level security and a policy', () => {
  expect(byTenant().filter(({ isProtected }) => !isProtected)).toEqual([]);
});

test('in every table a row is seen by its own organisation, and by nobody else or without one', async () => {
  await admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`;
    for (const { name } of byTenant()) await plant(sql, name);
  });
  const seen = [];
  for (const { name } of byTenant()) {
    const counts = [];
    for (const scope of [{ tenantId: own }, { tenantId: stranger }, {}]) {
      counts.push(await rowsOf(name, scope));
    }
    seen.push([name, ...counts]);
  }
  expect(seen).toEqual(byTenant().map(({ name }) => [name, 1, 0, 0]));
});

test('the services can take of a daily count, and neither see nor change it', async () => {
  const take = () =>
    database.write({}, (tx) =>
      tx.execute<{ taken: boolean | null }>(`select app.consume_daily_quota('k', 3) as taken`),
    );
  const taken = await Promise.all(Array.from({ length: 6 }, take));
  expect(taken.map(([row]) => row?.taken).filter(Boolean)).toHaveLength(3);
  for (const query of ['select 1 from daily_counts', 'delete from daily_counts']) {
    const attempt = database.write({}, (tx) => tx.execute(query));
    await expect(attempt).rejects.toThrow('42501');
  }
});
