import { afterAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { DatabaseError } from '@insightdesk/shared/errors';
import { testEnvironment, userOf } from '@insightdesk/shared/testing';
import {
  changePassword,
  deleteExpired,
  login,
  getMe,
  requestPasswordReset,
  resetPassword,
} from '../index.ts';
import { openTestAccounts, password, refused } from '../test-accounts.ts';

const { context, close, verified, linkOf } = openTestAccounts();
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 10_000 });
const holding = connect(testEnvironment.adminUrl, { timeoutMs: 10_000 });
const app = connect(testEnvironment.databaseUrl, { timeoutMs: 10_000 });
const identity = connect(testEnvironment.identityUrl, { timeoutMs: 10_000 });
afterAll(async () => {
  await Promise.all([admin.end(), holding.end(), app.end(), identity.end()]);
  await close();
});

const chosen = 'a new good password';
const wrong = refused(401, 'INVALID_CREDENTIALS');

/** Does the work while these rows are held, and cuts its statement off where it waits for them. */
async function cutOffAt(rows: string, work: () => Promise<unknown>): Promise<unknown> {
  return holding.begin(async (holder) => {
    const [self] = await holder`select pg_backend_pid() as pid`;
    expect((await holder.unsafe(`${rows} for update`)).length).toBe(1);
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

const signsIn = (email: string, word: string) => login(context, { email, password: word });

test('a change that is cut off after hashing leaves the old password, and nobody signed out', async () => {
  const { ctx, email } = await verified();
  const change = { currentPassword: password, password: chosen };
  const { sessionId } = ctx.actor as { sessionId: Id<'ses'> };
  const outcome = await cutOffAt(`select id from sessions where id = '${toUuid(sessionId)}'`, () =>
    changePassword(ctx, change),
  );
  expect(outcome).toBeInstanceOf(DatabaseError);
  await expect(signsIn(email, chosen)).rejects.toMatchObject(wrong);
  await signsIn(email, password);
  await getMe(ctx, {});
  await changePassword(ctx, change);
  await signsIn(email, chosen);
  await expect(signsIn(email, password)).rejects.toMatchObject(wrong);
});

test('a reset that is cut off leaves the old password, and its link is good still', async () => {
  const { email, user } = await verified();
  await requestPasswordReset(context, { email });
  const other = await linkOf('reset', email);
  await requestPasswordReset(context, { email });
  const { token } = await linkOf('reset', email);
  const outcome = await cutOffAt(
    `select id from email_links where id = '${toUuid(other.id)}'`,
    () => resetPassword(context, { token, password: chosen }),
  );
  expect(outcome).toBeInstanceOf(DatabaseError);
  await expect(signsIn(email, chosen)).rejects.toMatchObject(wrong);
  expect(await signsIn(email, password)).toMatchObject({ user: { id: user.id } });
  await resetPassword(context, { token, password: chosen });
  await signsIn(email, chosen);
});

async function stage(userId: Id<'usr'>) {
  const ticket = crypto.randomUUID();
  await identity`insert into identity.staged_passwords (user_id, ticket, password_hash)
    values (${toUuid(userId)}, ${ticket}, 'mine')`;
  return ticket;
}

test('a ticket is good for its person only, and nothing is found out about one', async () => {
  const [mine, theirs] = [await verified(), await verified()];
  const ticket = await stage(userOf(mine.ctx));
  const hand = (to: typeof mine, what: string) =>
    app`update users set password_ticket = ${what} where id = ${toUuid(userOf(to.ctx))}`.execute();
  await expect(hand(theirs, ticket)).rejects.toThrow('no password waits');
  await expect(hand(mine, crypto.randomUUID())).rejects.toThrow('no password waits');
  await signsIn(theirs.email, password);
  await signsIn(mine.email, password);
  await hand(mine, ticket);
  await expect(signsIn(mine.email, password)).rejects.toMatchObject(wrong);
  await expect(hand(mine, ticket)).rejects.toThrow('no password waits');
  expect(await app`select 1 from users where password_ticket is not null`).toHaveLength(0);
  for (const trick of [
    'select * from identity.staged_passwords',
    `insert into users (id, email, name, password_ticket) values (gen_random_uuid(), 'x', 'x', gen_random_uuid())`,
  ]) {
    await expect(app.unsafe(trick).execute()).rejects.toThrow(/permission denied|password_ticket/);
  }
});

test('what was staged and never taken is deleted a day later', async () => {
  const person = await verified();
  const ticket = await stage(userOf(person.ctx));
  const run = { signal: new AbortController().signal } as Parameters<typeof deleteExpired>[2];
  const left = () => admin`select 1 from identity.staged_passwords where ticket = ${ticket}`;
  await deleteExpired(context, { days: 1 }, run);
  expect(await left()).toHaveLength(1);
  await admin`update identity.staged_passwords set staged_at = now() - interval '25 hours'
    where ticket = ${ticket}`;
  await deleteExpired(context, { days: 1 }, run);
  expect(await left()).toHaveLength(0);
});
