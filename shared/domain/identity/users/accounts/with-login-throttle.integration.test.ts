import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { sha256 } from '@insightdesk/shared/security';
import { createTestContext, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { login, register } from '../index.ts';
import { givePassword } from '../test-accounts.ts';

const one = createTestContext();
const other = createTestContext();
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(() => Promise.all([one.close(), other.close(), admin.end()]));

const password = 'correct horse battery';
const blocked = { status: 429, code: 'TOO_MANY_FAILED_SIGN_INS' };
const wrong = { status: 401, code: 'INVALID_CREDENTIALS' };
let addresses = 0;
const nowhere = () =>
  `2001:db8:${Math.floor(Math.random() * 0xffff).toString(16)}:${addresses++}::1`;
const at = (ip: string, { context }: { context: Context } = one): Context => ({ ...context, ip });

async function account() {
  const email = `${newId('usr')}@example.com`;
  const input = { email, password, name: 'N', organizationName: 'O' };
  const { user } = await register(one.context, input);
  return { email, id: user.id };
}

const guess = (ctx: Context, email: string) =>
  login(ctx, { email, password: 'not this one' }).then(
    () => undefined,
    (error) => error,
  );

async function hashOf(id: string) {
  const [row] = await admin`
    select password_hash from identity.credentials where user_id = ${toUuid(id as never)}`;
  return row?.password_hash as string;
}

test('60 wrong passwords at once on two replicas: five are looked at, then not even the right one', async () => {
  const { email } = await account();
  const ip = nowhere();
  const replicas = [one, other];
  const failures = await Promise.all(
    Array.from({ length: 60 }, (_, n) => guess(at(ip, replicas[n % 2]), email)),
  );
  expect(failures.filter(({ status }) => status === 401)).toHaveLength(5);
  expect(failures.filter(({ status }) => status === 429)).toHaveLength(55);
  for (let n = 0; n < 2; n++) {
    const right = login(at(ip), { email, password });
    await expect(right).rejects.toMatchObject({
      ...blocked,
      headers: { 'Retry-After': expect.stringMatching(/^[1-9]\d*$/) },
    });
  }
});

test('an account that nobody has waits as long', async () => {
  const ip = nowhere();
  const email = `${newId('usr')}@example.com`;
  const statuses = [];
  for (let n = 0; n < 7; n++) statuses.push((await guess(at(ip), email)).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
});

test('guessed from everywhere, it waits everywhere but where it was signed in to before', async () => {
  const { email } = await account();
  const home = nowhere();
  await login(at(home), { email, password });
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async () => (await guess(at(nowhere()), email)).status),
  );
  expect(statuses.filter((status) => status === 401)).toHaveLength(25);
  // Forty passwords may take longer to look at than the first pause is.
  const paused = await admin`update identity.sign_in_attempts
    set blocked_until = now() + interval '1 minute'
    where account = ${sha256(email)} and address = '' and blocked_until is not null returning 1`;
  expect(paused).toHaveLength(1);
  await expect(login(at(nowhere()), { email, password })).rejects.toMatchObject(blocked);
  expect(await login(at(home), { email, password })).toMatchObject({ user: { email } });
});

test('the pause ends, and the right password forgets the failures', async () => {
  const { email } = await account();
  const ip = nowhere();
  for (let n = 0; n < 6; n++) await guess(at(ip), email);
  await admin`update identity.sign_in_attempts set blocked_until = now()
    where account = ${sha256(email)} and blocked_until > now()`;
  expect(await login(at(ip), { email, password })).toMatchObject({ user: { email } });
  for (let n = 0; n < 4; n++) expect(await guess(at(ip), email)).toMatchObject(wrong);
  expect(await login(at(ip), { email, password })).toMatchObject({ user: { email } });
});

test('twenty programs that sign in at once with the right password all come in', async () => {
  const { email } = await account();
  const ip = nowhere();
  const signIns = Array.from({ length: 20 }, () => login(at(ip), { email, password }));
  expect(await Promise.all(signIns)).toHaveLength(20);
});

test('where failures cannot be counted nobody signs in', async () => {
  const { email } = await account();
  const gone = () => Promise.reject(Object.assign(new Error('away'), { status: 503 }));
  const ctx: Context = {
    ...at(nowhere()),
    identityDatabase: { read: one.context.identityDatabase.read, write: gone },
  };
  await expect(login(ctx, { email, password })).rejects.toMatchObject({ status: 503 });
});

test.each([
  ['bcrypt', { algorithm: 'bcrypt', cost: 4 }],
  ['weak argon2', { algorithm: 'argon2id', memoryCost: 1_024, timeCost: 1 }],
] as const)(
  'a hash of %s is made anew at the next sign-in, and at no other',
  async (_, options) => {
    const { email, id } = await account();
    const imported = await Bun.password.hash(password, options);
    await givePassword(one.context, id, imported);
    await guess(at(nowhere()), email);
    expect(await hashOf(id)).toBe(imported);
    await login(at(nowhere()), { email, password });
    const renewed = await hashOf(id);
    expect(renewed).toStartWith('$argon2id$v=19$m=19456,t=2,');
    await login(at(nowhere()), { email, password });
    expect(await hashOf(id)).toBe(renewed);
  },
);

test('a password that is set while an outdated hash is made anew stays', async () => {
  const { email, id } = await account();
  await givePassword(one.context, id, await Bun.password.hash(password, 'bcrypt'));
  const chosen = await one.context.security.passwords.hash('chosen meanwhile');
  const ctx = at(nowhere());
  const { passwords } = ctx.security;
  const slow = {
    ...passwords,
    async hash(plain: string) {
      await givePassword(one.context, id, chosen);
      return passwords.hash(plain);
    },
  };
  await login(
    { ...ctx, security: { ...ctx.security, passwords: slow } },
    { email, password },
  ).catch(() => {});
  expect(await hashOf(id)).toBe(chosen);
});

const founder = { name: 'Ann Smith', organizationName: 'Acme & Sons' };
test.each([
  ['common', 'Password1', 'email'],
  ['short', 'x7$kq1', 'email'],
  ['the address', 'ann.smith@acme.example', 'ann.smith@acme.example'],
  ['its first part', 'ann.weatherwax', 'ann.weatherwax@acme.example'],
  ['the organisation', 'acme&sons2026', 'email'],
  ['the name', 'AnnSmith!!', 'email'],
])('%s is no password: %s', async (_, chosen, address) => {
  const email = address === 'email' ? `${newId('usr')}@example.com` : address;
  const registering = register(one.context, { ...founder, email, password: chosen });
  const error = await registering.catch((reason) => reason);
  const faults = error.errors ?? error.issues;
  expect(faults.map(({ path }: { path: unknown }) => String(path))).toContain('password');
});
