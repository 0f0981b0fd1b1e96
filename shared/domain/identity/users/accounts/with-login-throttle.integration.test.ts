import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createPasswords, sha256 } from '@insightdesk/shared/security';
import { createTestContext, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { login, register } from '../index.ts';
import { setTestPassword } from '../test-accounts.ts';

const one = createTestContext();
const other = createTestContext();
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(() => Promise.all([one.close(), other.close(), admin.end()]));

const password = 'correct horse battery';
const blocked = { status: 429, code: 'TOO_MANY_FAILED_SIGN_INS' };
const wrong = { status: 401, code: 'INVALID_CREDENTIALS' };
let addresses = 0;
const newIp = () => `2001:db8:${Math.floor(Math.random() * 0xffff).toString(16)}:${addresses++}::1`;
const from = (ip: string, { context }: { context: Context } = one): Context => ({ ...context, ip });

async function createAccount() {
  const email = `${newId('usr')}@example.com`;
  const input = { email, password, name: 'N', organizationName: 'O' };
  const { user } = await register(one.context, input);
  return { email, id: user.id };
}

const failLogin = (ctx: Context, email: string) =>
  login(ctx, { email, password: 'not this one' }).then(
    () => undefined,
    (error) => error,
  );

async function hashOf(id: string) {
  const [row] = await admin`
    select password_hash from identity.credentials where user_id = ${toUuid(id as never)}`;
  return row?.password_hash as string;
}

test('login: of 60 concurrent wrong passwords on two replicas 5 are verified, then the account is blocked', async () => {
  const { email } = await createAccount();
  const ip = newIp();
  const replicas = [one, other];
  const failures = await Promise.all(
    Array.from({ length: 60 }, (_, n) => failLogin(from(ip, replicas[n % 2]), email)),
  );
  expect(failures.filter(({ status }) => status === 401)).toHaveLength(5);
  expect(failures.filter(({ status }) => status === 429)).toHaveLength(55);
  for (let n = 0; n < 2; n++) {
    const right = login(from(ip), { email, password });
    await expect(right).rejects.toMatchObject({
      ...blocked,
      headers: { 'Retry-After': expect.stringMatching(/^[1-9]\d*$/) },
    });
  }
});

test('login: an unknown account is blocked like a known one', async () => {
  const ip = newIp();
  const email = `${newId('usr')}@example.com`;
  const statuses = [];
  for (let n = 0; n < 7; n++) statuses.push((await failLogin(from(ip), email)).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
});

test('login: failures from many addresses do not block an address that has succeeded', async () => {
  const { email } = await createAccount();
  const home = newIp();
  await login(from(home), { email, password });
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async () => (await failLogin(from(newIp()), email)).status),
  );
  expect(statuses.filter((status) => status === 401)).toHaveLength(25);
  // Verifying 40 passwords may take longer than the first block.
  const paused = await admin`update identity.sign_in_attempts
    set blocked_until = now() + interval '1 minute'
    where account = ${sha256(email)} and ip_prefix = '' and blocked_until is not null returning 1`;
  expect(paused).toHaveLength(1);
  await expect(login(from(newIp()), { email, password })).rejects.toMatchObject(blocked);
  expect(await login(from(home), { email, password })).toMatchObject({ user: { email } });
});

test('login: after the block the right password resets the failures', async () => {
  const { email } = await createAccount();
  const ip = newIp();
  for (let n = 0; n < 6; n++) await failLogin(from(ip), email);
  await admin`update identity.sign_in_attempts set blocked_until = now()
    where account = ${sha256(email)} and blocked_until > now()`;
  expect(await login(from(ip), { email, password })).toMatchObject({ user: { email } });
  for (let n = 0; n < 4; n++) expect(await failLogin(from(ip), email)).toMatchObject(wrong);
  expect(await login(from(ip), { email, password })).toMatchObject({ user: { email } });
});

test('login: 20 concurrent logins with the right password succeed', async () => {
  const { email } = await createAccount();
  const ip = newIp();
  const signIns = Array.from({ length: 20 }, () => login(from(ip), { email, password }));
  expect(await Promise.all(signIns)).toHaveLength(20);
});

test('login: fails when failures cannot be counted', async () => {
  const { email } = await createAccount();
  const fail = () => Promise.reject(Object.assign(new Error('unavailable'), { status: 503 }));
  const ctx: Context = {
    ...from(newIp()),
    identityDatabase: { read: one.context.identityDatabase.read, write: fail },
  };
  await expect(login(ctx, { email, password })).rejects.toMatchObject({ status: 503 });
});

/** A context whose password hashes cost as much as those of the services. */
function withStrongHashes(): Context {
  const ctx = from(newIp());
  return { ...ctx, security: { ...ctx.security, passwords: createPasswords() } };
}

test.each([
  ['bcrypt', { algorithm: 'bcrypt', cost: 4 }],
  ['weak argon2', { algorithm: 'argon2id', memoryCost: 1_024, timeCost: 1 }],
] as const)('login: a hash of %s is replaced once, at the next success', async (_, options) => {
  const { email, id } = await createAccount();
  const imported = await Bun.password.hash(password, options);
  await setTestPassword(one.context, id, imported);
  await failLogin(from(newIp()), email);
  expect(await hashOf(id)).toBe(imported);
  const ctx = withStrongHashes();
  await login(ctx, { email, password });
  const renewed = await hashOf(id);
  expect(renewed).toStartWith('$argon2id$v=19$m=19456,t=2,');
  await login(ctx, { email, password });
  expect(await hashOf(id)).toBe(renewed);
});

test('login: replacing an outdated hash does not overwrite a new password', async () => {
  const { email, id } = await createAccount();
  await setTestPassword(one.context, id, await Bun.password.hash(password, 'bcrypt'));
  const chosen = await one.context.security.passwords.hash('chosen meanwhile');
  const ctx = from(newIp());
  const { passwords } = ctx.security;
  const slow = {
    ...passwords,
    async hash(plain: string) {
      await setTestPassword(one.context, id, chosen);
      return passwords.hash(plain);
    },
  };
  await login(
    { ...ctx, security: { ...ctx.security, passwords: slow } },
    { email, password },
  ).catch(() => {});
  expect(await hashOf(id)).toBe(chosen);
});

const registration = { name: 'Ann Smith', organizationName: 'Acme & Sons' };
test.each([
  ['a common word', 'Password1', 'email'],
  ['a short text', 'x7$kq1', 'email'],
  ['the address', 'ann.smith@acme.example', 'ann.smith@acme.example'],
  ['the local part of the address', 'ann.weatherwax', 'ann.weatherwax@acme.example'],
  ['the name of the organization', 'acme&sons2026', 'email'],
  ['the name of the user', 'AnnSmith!!', 'email'],
])('register: %s is refused as a password: %s', async (_, chosen, address) => {
  const email = address === 'email' ? `${newId('usr')}@example.com` : address;
  const registering = register(one.context, { ...registration, email, password: chosen });
  const error = await registering.catch((reason) => reason);
  const issues = error.errors ?? error.issues;
  expect(issues.map(({ path }: { path: unknown }) => String(path))).toContain('password');
});
