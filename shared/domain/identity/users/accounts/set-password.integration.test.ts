import { afterAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { DatabaseError } from '@insightdesk/shared/errors';
import { testEnvironment, userIdOf } from '@insightdesk/shared/testing';
import {
  changePassword,
  deleteExpired,
  getMe,
  login,
  requestPasswordReset,
  resetPassword,
} from '../index.ts';
import { createTestAccounts, password, problem } from '../test-accounts.ts';

const { context, close, registerVerifiedUser, findLink } = createTestAccounts();
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 10_000 });
const locker = connect(testEnvironment.adminUrl, { timeoutMs: 10_000 });
const app = connect(testEnvironment.databaseUrl, { timeoutMs: 10_000 });
const identity = connect(testEnvironment.identityUrl, { timeoutMs: 10_000 });
afterAll(async () => {
  await Promise.all([admin.end(), locker.end(), app.end(), identity.end()]);
  await close();
});

const chosen = 'a new good password';
const wrong = problem(401, 'INVALID_CREDENTIALS');

/** Runs `work` while these rows are locked, and cancels its statement that waits for them. */
async function cancelAtLock(rows: string, work: () => Promise<unknown>): Promise<unknown> {
  return locker.begin(async (lockTx) => {
    const [self] = await lockTx`select pg_backend_pid() as pid`;
    expect((await lockTx.unsafe(`${rows} for update`)).length).toBe(1);
    const outcome = work().then(
      () => 'done',
      (error: unknown) => error,
    );
    for (let cut = 0; cut === 0; ) {
      const waiting = await admin`select pg_cancel_backend(pid) from pg_stat_activity
        where ${self?.pid}::int = any(pg_blocking_pids(pid))`;
      cut = waiting.length;
    }
    return outcome;
  });
}

const tryLogin = (email: string, word: string) => login(context, { email, password: word });

test('changePassword: a cancelled statement leaves the old password and all sessions', async () => {
  const { ctx, email } = await registerVerifiedUser();
  const change = { currentPassword: password, password: chosen };
  const { sessionId } = ctx.actor as { sessionId: Id<'ses'> };
  const outcome = await cancelAtLock(
    `select id from sessions where id = '${toUuid(sessionId)}'`,
    () => changePassword(ctx, change),
  );
  expect(outcome).toBeInstanceOf(DatabaseError);
  await expect(tryLogin(email, chosen)).rejects.toMatchObject(wrong);
  await tryLogin(email, password);
  await getMe(ctx, {});
  await changePassword(ctx, change);
  await tryLogin(email, chosen);
  await expect(tryLogin(email, password)).rejects.toMatchObject(wrong);
});

test('resetPassword: a cancelled statement leaves the old password and a usable link', async () => {
  const { email, user } = await registerVerifiedUser();
  await requestPasswordReset(context, { email });
  const other = await findLink('reset', email);
  await requestPasswordReset(context, { email });
  const { token } = await findLink('reset', email);
  const outcome = await cancelAtLock(
    `select id from email_links where id = '${toUuid(other.id)}'`,
    () => resetPassword(context, { token, password: chosen }),
  );
  expect(outcome).toBeInstanceOf(DatabaseError);
  await expect(tryLogin(email, chosen)).rejects.toMatchObject(wrong);
  expect(await tryLogin(email, password)).toMatchObject({ user: { id: user.id } });
  await resetPassword(context, { token, password: chosen });
  await tryLogin(email, chosen);
});

async function stage(userId: Id<'usr'>) {
  const ticket = crypto.randomUUID();
  await identity`insert into identity.staged_passwords (user_id, ticket, password_hash)
    values (${toUuid(userId)}, ${ticket}, 'mine')`;
  return ticket;
}

test('a password ticket works only for its user, once', async () => {
  const [user, otherUser] = [await registerVerifiedUser(), await registerVerifiedUser()];
  const ticket = await stage(userIdOf(user.ctx));
  const useTicket = (by: typeof user, value: string) =>
    app.begin(async (sql) => {
      const id = toUuid(userIdOf(by.ctx));
      await sql`select set_config('app.user_id', ${id}, true)`;
      await sql`update users set password_ticket = ${value} where id = ${id}`;
    });
  await expect(useTicket(otherUser, ticket)).rejects.toThrow('no staged password has this ticket');
  await expect(useTicket(user, crypto.randomUUID())).rejects.toThrow(
    'no staged password has this ticket',
  );
  await tryLogin(otherUser.email, password);
  await tryLogin(user.email, password);
  await useTicket(user, ticket);
  await expect(tryLogin(user.email, password)).rejects.toMatchObject(wrong);
  await expect(useTicket(user, ticket)).rejects.toThrow('no staged password has this ticket');
  expect(await admin`select 1 from users where password_ticket is not null`).toHaveLength(0);
  for (const trick of [
    'select * from identity.staged_passwords',
    `insert into users (id, email, name, password_ticket) values (gen_random_uuid(), 'x', 'x', gen_random_uuid())`,
  ]) {
    await expect(app.unsafe(trick).execute()).rejects.toThrow(/permission denied|password_ticket/);
  }
});

test('deleteExpired: staged passwords are deleted after a day', async () => {
  const person = await registerVerifiedUser();
  const ticket = await stage(userIdOf(person.ctx));
  const run = { signal: new AbortController().signal } as Parameters<typeof deleteExpired>[2];
  const left = () => admin`select 1 from identity.staged_passwords where ticket = ${ticket}`;
  await deleteExpired(context, { days: 1 }, run);
  expect(await left()).toHaveLength(1);
  await admin`update identity.staged_passwords set staged_at = now() - interval '25 hours'
    where ticket = ${ticket}`;
  await deleteExpired(context, { days: 1 }, run);
  expect(await left()).toHaveLength(0);
});
