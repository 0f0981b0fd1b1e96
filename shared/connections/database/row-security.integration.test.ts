import { afterAll, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { openIsolatedDatabase } from '@insightdesk/shared/testing';
import type { TransactionSql } from 'postgres';

const { admin, url, relayUrl, identityUrl, close } = await openIsolatedDatabase();
const app = connect(url, { timeoutMs: 5_000 });
const relay = connect(relayUrl, { timeoutMs: 5_000 });
const identity = connect(identityUrl, { timeoutMs: 5_000 });
afterAll(async () => {
  await Promise.all([app.end(), relay.end(), identity.end()]);
  await close();
});

const newUuid = () => crypto.randomUUID();
const [ann, ben, cat, acme, other] = [newUuid(), newUuid(), newUuid(), newUuid(), newUuid()];
for (const [id, tenant, name] of [
  [ann, acme, 'ann'],
  [ben, acme, 'ben'],
  [cat, other, 'cat'],
] as const) {
  await admin`insert into users (id, email, name) values (${id}, ${`${name}@example.com`}, ${name})`;
  await admin`insert into organizations (id, name) values (${tenant}, 'o') on conflict do nothing`;
  await admin`insert into members (tenant_id, user_id, role) values (${tenant}, ${id}, 'agent')`;
}
await admin`update members set removed_at = now() where user_id = ${ben}`;

/** Runs `work` as the services do, in the scope of these settings. */
const within = <T>(settings: Record<string, string>, work: (sql: TransactionSql) => Promise<T>) =>
  app.begin(async (sql) => {
    for (const [name, value] of Object.entries(settings))
      await sql`select set_config(${`app.${name}`}, ${value}, true)`;
    return work(sql);
  });

async function listNames(settings: Record<string, string>) {
  const rows = await within(settings, (sql) => sql`select name from users order by name`);
  return rows.map(({ name }) => name);
}

test('every table that the app role can reach has forced row-level security and a policy', async () => {
  const tables = await admin<{ name: string; isForced: boolean }[]>`
    select c.oid::regclass::text as name, c.relrowsecurity and c.relforcerowsecurity and exists (
        select from pg_policy p where p.polrelid = c.oid
          and (p.polroles @> array['insightdesk_app'::regrole::oid] or p.polroles @> array[0::oid])) as "isForced"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
      and has_schema_privilege('insightdesk_app', n.oid, 'usage')
      and (has_any_column_privilege('insightdesk_app', c.oid, 'select, insert, update, references')
        or has_table_privilege('insightdesk_app', c.oid, 'delete, truncate, trigger'))`;
  expect(tables.map(({ name }) => name)).toContain('users');
  expect(tables.length).toBeGreaterThan(40);
  expect(tables.filter(({ isForced }) => !isForced)).toEqual([]);
});

test('a user is visible through a membership of the tenant, to itself, and to no other user', async () => {
  expect(await listNames({})).toEqual([]);
  expect(await listNames({ tenant_id: acme })).toEqual(['ann', 'ben']);
  expect(await listNames({ tenant_id: other })).toEqual(['cat']);
  expect(await listNames({ tenant_id: newUuid() })).toEqual([]);
  expect(await listNames({ user_id: cat })).toEqual(['cat']);
});

test('a link shows itself and its account; it is hidden from transactions that do not name it', async () => {
  const [verify, reset] = [newUuid(), newUuid()];
  await admin`insert into email_links (id, purpose, user_id, email, expires_at) values
    (${verify}, 'verify', ${ann}, 'ann@example.com', now()), (${reset}, 'reset', null, 'cat@example.com', now())`;
  expect(await listNames({ link_id: verify })).toEqual(['ann']);
  expect(await listNames({ link_id: reset })).toEqual(['cat']);
  const countLinks = (settings: Record<string, string>) =>
    within(settings, async (sql) => (await sql`select 1 from email_links`).length);
  expect(await countLinks({ tenant_id: acme, user_id: ann })).toBe(0);
  expect(await countLinks({ link_id: reset })).toBe(1);
});

test('the access generation of another tenant is not visible', async () => {
  await admin`insert into app.access_generations values (${acme}, 1), (${other}, 1)
    on conflict do nothing`;
  const count = (settings: Record<string, string>) =>
    within(settings, async (sql) => (await sql`select 1 from app.access_generations`).length);
  expect([await count({}), await count({ tenant_id: acme })]).toEqual([0, 1]);
});

test.each([
  `update users set email = 'mine@example.com'`,
  'update users set email_verified_at = now()',
  `insert into users (id, email, name, email_verified_at) values (gen_random_uuid(), 'x', 'x', now())`,
  'delete from users',
  'select * from identity.staged_emails',
  `insert into identity.staged_emails (user_id, ticket, email) select id, id, 'x' from users`,
])('the app and relay roles cannot run: %s', async (statement) => {
  for (const sql of [app, relay])
    await expect(sql.unsafe(statement).execute()).rejects.toThrow('permission denied');
});

test('a verified address is set by a ticket, once, for its user', async () => {
  const ticket = newUuid();
  const user = { id: newUuid(), email: 'new@example.com' };
  await within(
    {},
    (sql) => sql`insert into users (id, email, name) values (${user.id}, 'old', 'n')`,
  );
  await identity`insert into identity.staged_emails (user_id, ticket, email)
    values (${user.id}, ${ticket}, ${user.email})`;
  const apply = (id: string) =>
    within(
      { user_id: id },
      (sql) => sql`update users set email_ticket = ${ticket} where id = ${id}`,
    );
  await expect(apply(ann)).rejects.toThrow('no staged address has this ticket');
  await apply(user.id);
  const [row] = await admin`select email, email_verified_at is not null as verified, email_ticket
    from users where id = ${user.id}`;
  expect(row).toEqual({ email: user.email, verified: true, email_ticket: null });
  await expect(apply(user.id)).rejects.toThrow('no staged address has this ticket');
});

test('the relay role reads of users only which unverified ones are unused', async () => {
  await admin`update users set email_verified_at = now() where id = ${cat}`;
  const rows = await relay`select id from users where id in (${ann}, ${cat})`;
  expect(rows.map(({ id }) => id)).toEqual([ann]);
  for (const column of ['email', 'name'])
    await expect(relay.unsafe(`select ${column} from users`).execute()).rejects.toThrow('denied');
});
