import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { openIsolatedDatabase } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { TransactionSql } from 'postgres';

/** Tables without a tenant, and why. */
const shared: Record<string, string> = {
  second_factors: 'rows of a user, visible to that user only: services/api/tests/identity tests it',
  recovery_codes: 'as second_factors',
  passkeys: 'as second_factors',
  consumed_tokens: 'as second_factors',
  users: 'users are global, visible by membership: row-security.integration.test.ts tests it',
  email_links: 'links that are emailed to users, visible to the transaction that uses one',
  daily_counts: 'written by a function that the services may call, and nothing else',
  signing_keys: 'keys of the installation that sign tokens, encrypted',
  tenant_deletions: 'records of the operator, without personal data',
  tenant_deletion_users: 'users of organizations that are being deleted; empty afterwards',
  schedules: 'schedules of the installation',
};

interface Table {
  name: string;
  isProtected: boolean;
}

const own = newId('org');
const foreign = newId('org');
const { database, admin, close } = await openIsolatedDatabase();
afterAll(close);
const tables = await admin<Table[]>`
  select c.relname as name, c.relrowsecurity and c.relforcerowsecurity
    and exists (select from pg_policy p where p.polrelid = c.oid) as "isProtected"
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`;

const byTenant = () => tables.filter(({ name }) => !Object.hasOwn(shared, name));
const tenantColumn = (table: string) => (table === 'organizations' ? 'id' : 'tenant_id');

/** Inserts a row of the organization, with a sample of its type in every required column. */
async function insertSample(sql: TransactionSql, table: string): Promise<void> {
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
  int2: 1,
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

test('every table has a tenant_id or is listed as having no tenant', async () => {
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

test('every table of tenants has forced row-level security and a policy', () => {
  expect(byTenant().filter(({ isProtected }) => !isProtected)).toEqual([]);
});

test('rows of every table are visible to their own tenant only', async () => {
  await admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`;
    for (const { name } of byTenant()) await insertSample(sql, name);
  });
  const visible = [];
  for (const { name } of byTenant()) {
    const counts = [];
    for (const scope of [{ tenantId: own }, { tenantId: foreign }, {}]) {
      counts.push(await rowsOf(name, scope));
    }
    visible.push([name, ...counts]);
  }
  expect(visible).toEqual(byTenant().map(({ name }) => [name, 1, 0, 0]));
});

test('the services can consume a daily quota, and neither read nor change its count', async () => {
  const consume = () =>
    database.write({}, (tx) =>
      tx.execute<{ consumed: boolean | null }>(
        `select app.consume_daily_quota('k', 3) as consumed`,
      ),
    );
  const results = await Promise.all(Array.from({ length: 6 }, consume));
  expect(results.map(([row]) => row?.consumed).filter(Boolean)).toHaveLength(3);
  for (const query of ['select 1 from daily_counts', 'delete from daily_counts']) {
    const attempt = database.write({}, (tx) => tx.execute(query));
    await expect(attempt).rejects.toThrow('42501');
  }
});
