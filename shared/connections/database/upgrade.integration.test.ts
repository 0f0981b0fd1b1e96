import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testEnvironment } from '@insightdesk/shared/testing';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as apply } from 'drizzle-orm/postgres-js/migrator';
import { connect } from './connect.ts';
import { migrate } from './migrate.ts';
import journal from './migrations/meta/_journal.json';

/** The last migration of the release before credentials had a schema of their own. */
const LAST = '0009_wake_after_commit';
const name = `upgrade_${crypto.randomUUID().replaceAll('-', '')}`;
const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
const open = (url: string) => connect(url, { timeoutMs: 30_000 });
const server = open(testEnvironment.adminUrl);
let owner: ReturnType<typeof open>;
let app: ReturnType<typeof open>;
let admin: ReturnType<typeof open>;

const newIds = () => ({
  tenant: Bun.randomUUIDv7(),
  session: Bun.randomUUIDv7(),
  founder: Bun.randomUUIDv7(),
  invited: Bun.randomUUIDv7(),
});
const [one, other] = [newIds(), newIds()];

/** Brings the database to where the release before left it. */
async function migrateAsBefore() {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  cpSync(join(import.meta.dir, 'migrations'), folder, { recursive: true });
  const last = journal.entries.findIndex(({ tag }) => tag === LAST);
  const then = { ...journal, entries: journal.entries.slice(0, last + 1) };
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify(then));
  await apply(drizzle(owner), { migrationsFolder: folder });
  rmSync(folder, { recursive: true });
}

async function furnish({ tenant, session, founder, invited }: typeof one) {
  const at = `${tenant}.example`;
  await admin`insert into organizations (id, name) values (${tenant}, 'Before')`;
  await admin`insert into users (id, email, name, password_hash) values
    (${founder}, ${`founder@${at}`}, 'Founder', ${`hash of ${founder}`}),
    (${invited}, ${`invited@${at}`}, 'Invited', ${`hash of ${invited}`})`;
  await admin`insert into members (tenant_id, user_id, role) values
    (${tenant}, ${founder}, 'owner'), (${tenant}, ${invited}, 'agent')`;
  await admin`insert into sessions (tenant_id, id, user_id, expires_at) values
    (${tenant}, ${session}, ${founder}, now() + interval '1 day')`;
  await admin`insert into invitations (tenant_id, id, email, role, invited_by, expires_at, accepted_at)
    values (${tenant}, ${Bun.randomUUIDv7()}, ${`invited@${at}`}, 'agent', ${founder}, now(), now()),
      (${tenant}, ${Bun.randomUUIDv7()}, ${`founder@${at}`}, 'agent', ${founder}, now(), null)`;
  await admin`insert into attachments
    (tenant_id, id, name, content_type, size_bytes, sha256, status, variants, uploaded_by) values
    (${tenant}, ${Bun.randomUUIDv7()}, 'a', 'image/png', 100, '', 'ready', '[{"sizeBytes": 20}]', ${founder}),
    (${tenant}, ${Bun.randomUUIDv7()}, 'b', 'text/plain', 3, '', 'ready', '[]', ${founder}),
    (${tenant}, ${Bun.randomUUIDv7()}, 'c', 'text/plain', 50, '', 'rejected', '[]', ${founder})`;
}

beforeAll(async () => {
  await server.unsafe(`create database ${name} owner insightdesk_owner`);
  owner = open(at(testEnvironment.migrationUrl));
  app = open(at(testEnvironment.databaseUrl));
  admin = open(at(testEnvironment.adminUrl));
  await migrateAsBefore();
  await furnish(one);
  await furnish(other);
  await migrate({ url: at(testEnvironment.migrationUrl) });
});

afterAll(async () => {
  await Promise.all([owner, app, admin].map((sql) => sql?.end()));
  await server.unsafe(`drop database if exists ${name} with (force)`);
  await server.end();
});

test.each([one, other])('passwords move to where the services cannot look', async (ids) => {
  for (const id of [ids.founder, ids.invited]) {
    const [kept] =
      await admin`select password_hash from identity.credentials where user_id = ${id}`;
    expect(kept?.password_hash).toBe(`hash of ${id}`);
    const [seen] = await app`select password_hash from users where id = ${id}`;
    expect(seen).toEqual({ password_hash: null });
  }
  await expect(app`select password_hash from identity.credentials`).rejects.toThrow(
    'permission denied',
  );
});

test.each([one, other])(
  'an accepted invitation has shown an address, an open one not',
  async (ids) => {
    const verified = await admin`select id from users
    where email_verified_at is not null and id in (${ids.founder}, ${ids.invited})`;
    expect(verified.map(({ id }) => id)).toEqual([ids.invited]);
  },
);

test.each([one, other])('sessions go on', async ({ tenant, founder, session }) => {
  await app`select app.enter(${tenant}, ${founder}, ${session}, 'owner')`;
  await expect(app`select app.enter(${tenant}, ${founder}, ${tenant}, 'owner')`).rejects.toThrow(
    'not live',
  );
});

test.each([one, other])('files of before are counted', async ({ tenant }) => {
  const [row] = await admin`select bytes::int from stored_bytes where tenant_id = ${tenant}`;
  expect(row?.bytes).toBe(123);
});

test.each([one, other])('what was rejected before is to go', async ({ tenant }) => {
  const rows =
    await admin`select name from attachments join discarded_attachments using (tenant_id, id)
    where tenant_id = ${tenant}`;
  expect(rows.map((row) => row.name)).toEqual(['c']);
});

test('what let the owner look while it migrated is gone', async () => {
  const left =
    await admin`select polrelid::regclass::text from pg_policy where polname = 'backfill'`;
  expect(left.map((row) => row.polrelid)).toEqual([]);
});
