import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { login } from '../index.ts';
import { setTestPassword } from '../test-accounts.ts';

const testContext = createTestContext();
const { context } = testContext;
const app = connect(testEnvironment.databaseUrl, { timeoutMs: 5_000 });
const relay = connect(testEnvironment.relayUrl, { timeoutMs: 5_000 });
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(async () => {
  await Promise.all([app.end(), relay.end(), admin.end()]);
  await testContext.close();
});

/** Statements by which an SQL injection could reach hashes. */
const statements = [
  'select password_hash from identity.credentials',
  'select * from identity.sign_in_attempts',
  'copy identity.credentials to stdout',
  'select rolpassword from pg_authid',
  'select passwd from pg_shadow',
  "select pg_read_file('/etc/passwd')",
  "insert into identity.credentials select id, 'mine' from users",
  'select identity.store_password_hash()',
  'alter table users disable trigger all',
  'create function pg_temp.f() returns trigger language plpgsql as $$ begin return new; end $$',
  'set session_replication_role = replica',
  'delete from signing_keys',
  "insert into signing_keys (id, signs_from) values ('mine', now())",
];

test.each(statements)('the app and relay roles cannot run: %s', async (statement) => {
  for (const sql of [app, relay]) {
    await expect(sql.unsafe(statement).execute()).rejects.toThrow(
      /permission denied|must be owner|can only be called as triggers/,
    );
  }
});

test('a new user’s hash is moved to identity.credentials at once', async () => {
  const [user] = await createUser();
  const [row] = await admin`select * from users where id = ${user}`;
  expect(row?.password_hash).toBeNull();
  const [stored] =
    await admin`select password_hash from identity.credentials where user_id = ${user}`;
  expect(stored?.password_hash).toBe('a hash');
});

test('an upsert of an existing user cannot replace the password', async () => {
  const [user, email] = await createUser();
  for (const change of ["name = 'n'", "password_hash = 'mine'"]) {
    const upsert = app`insert into users (id, email, name, password_hash)
      values (${user}, ${email}, 'n', 'mine') on conflict (id) do update set ${app.unsafe(change)}`;
    await expect(upsert.execute()).rejects.toThrow('permission denied');
  }
  const upsert = admin`update users set password_hash = 'mine' where id = ${user}`;
  await expect(upsert.execute()).rejects.toThrow('passwords are changed in');
  const [stored] =
    await admin`select password_hash from identity.credentials where user_id = ${user}`;
  expect(stored?.password_hash).toBe('a hash');
});

async function createUser() {
  const [user, email] = [toUuid(newId('usr')), `${newId('usr')}@example.com`] as const;
  await app`insert into users (id, email, name, password_hash)
    values (${user}, ${email}, 'n', 'a hash')`;
  return [user, email] as const;
}

test('the app and relay roles cannot become another role', async () => {
  const roles = await admin<{ name: string }[]>`select rolname as name from pg_roles`;
  expect(roles.length).toBeGreaterThan(5);
  for (const [sql, own] of [
    [app, 'insightdesk_app'],
    [relay, 'insightdesk_relay'],
  ] as const) {
    for (const { name } of roles.filter((role) => role.name !== own)) {
      await expect(sql.unsafe(`set role "${name}"`).execute()).rejects.toThrow('permission denied');
      await expect(sql.unsafe(`set session authorization "${name}"`).execute()).rejects.toThrow(
        'permission denied',
      );
    }
    const [row] = await sql`select current_user as name`;
    expect(row?.name).toBe(own);
  }
});

/** Security definer functions about users that the app role may execute, and why. */
const reviewed: Record<string, string> = {
  'app.has_verified_owner(uuid)': 'returns one boolean',
  'app.rename_user(text)': 'changes the name of the transaction’s user alone',
  'app.delete_account()': 'only for a user without organizations',
};

test('the app role executes only reviewed security definer functions about users or passwords', async () => {
  const rows = await admin<{ name: string }[]>`
    select p.oid::regprocedure::text as name from pg_proc p
    where p.prosecdef and p.prorettype <> 'trigger'::regtype
      and has_function_privilege('insightdesk_app', p.oid, 'execute')
      and pg_get_functiondef(p.oid) ~ 'identity|users'`;
  expect(rows.map(({ name }) => name).filter((name) => !Object.hasOwn(reviewed, name))).toEqual([]);
});

test('setPassword: the new password works and the old one does not', async () => {
  const { owner } = await createTestTenant(context);
  const [row] = await admin`select email from users where id = ${toUuid(userIdOf(owner))}`;
  const email = row?.email as string;
  const chosen = 'quite another password';
  await setTestPassword(context, userIdOf(owner), await context.security.passwords.hash(chosen));
  expect(await login(context, { email, password: chosen })).toMatchObject({ user: { email } });
  await expect(login(context, { email, password: 'a long enough password' })).rejects.toMatchObject(
    {
      code: 'INVALID_CREDENTIALS',
    },
  );
});
