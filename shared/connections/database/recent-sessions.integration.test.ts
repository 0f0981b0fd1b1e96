import { afterAll, expect, test } from 'bun:test';
import { type Context, readTenant, withTenant } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { logout, removeMember, updateMember } from '@insightdesk/shared/domain/identity/users';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  userIdOf,
} from '@insightdesk/shared/testing';
import { createRecentSessions } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { createDatabase } from './database.ts';
import { sqlState } from './database-errors.ts';

const { context, close } = createTestContext();
let clock = 0;
const statements: string[] = [];
const recentSessions = createRecentSessions(() => clock);
const database = createDatabase({
  url: testEnvironment.databaseUrl,
  readers: 1,
  writers: 1,
  timeoutMs: 5_000,
  slowQueryMs: 5_000,
  recentSessions,
  observe: (query) => void statements.push(query),
});
afterAll(() => Promise.all([close(), database.close()]));

const scope = sql`select current_setting('app.tenant_id') as tenant,
  current_setting('app.user_id') as user, current_setting('transaction_read_only') as "readOnly"`;
const read = (ctx: Context) => readTenant(ctx, ({ tx }) => tx.execute(scope).execute());
const write = (ctx: Context) => withTenant(ctx, ({ tx }) => tx.execute(scope));

async function isAuthorized(work: () => Promise<unknown>): Promise<boolean> {
  statements.length = 0;
  await work();
  return statements.some((query) => query.includes('app.authorize'));
}

test('a session is authorized again after 500 ms only; its scope stays the same', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const ctx = { ...owner, database };
  expect(await isAuthorized(() => read(ctx))).toBe(true);
  expect(await isAuthorized(() => read(ctx))).toBe(false);
  expect(await isAuthorized(() => write(ctx))).toBe(false);
  const scoped = { tenant: toUuid(tenantId), user: toUuid(userIdOf(owner)) };
  expect([...(await read(ctx))]).toEqual([{ ...scoped, readOnly: 'on' }]);
  expect([...(await write(ctx))]).toEqual([{ ...scoped, readOnly: 'off' }]);
  clock += 500;
  expect(await isAuthorized(() => read(ctx))).toBe(true);
});

test('a session with another user or role is refused', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = { ...(await member('agent')), database };
  await read(agent);
  if (agent.actor.kind !== 'user' || owner.actor.kind !== 'user')
    throw new Error('The actor is not a user');
  const raised: Context = { ...agent, actor: { ...agent.actor, role: 'owner' } };
  await expect(read(raised)).rejects.toMatchObject({ status: 401 });
  const other: Context = { ...agent, actor: { ...agent.actor, userId: owner.actor.userId } };
  await expect(read(other)).rejects.toMatchObject({ status: 401 });
});

const unauthenticated = { status: 401 };

test('a session is refused from the COMMIT on that removes, logs out or demotes its member', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = { ...(await member('agent')), database };
  const leaver = { ...(await member('agent')), database };
  const guest = { ...(await member('customer')), database };
  const readAll = () => Promise.allSettled([agent, leaver, guest].map((ctx) => read(ctx)));
  await readAll();
  await updateMember(owner, { userId: userIdOf(agent), role: 'customer' });
  await expect(read(agent)).rejects.toMatchObject(unauthenticated);
  await readAll();
  await removeMember(owner, { userId: userIdOf(leaver) });
  await expect(write(leaver)).rejects.toMatchObject(unauthenticated);
  await readAll();
  await logout({ ...guest, database: owner.database }, {});
  await expect(read(guest)).rejects.toMatchObject(unauthenticated);
});

test('a session of another member is authorized again after a removal, and goes on', async () => {
  const { owner, member } = await createTestTenant(context);
  const stays = { ...(await member('agent')), database };
  const leaves = await member('agent');
  await read(stays);
  await removeMember(owner, { userId: userIdOf(leaves) });
  expect(await isAuthorized(() => read(stays))).toBe(true);
  expect(await isAuthorized(() => write(stays))).toBe(false);
  await removeMember(owner, { userId: userIdOf(await member('agent')) });
  expect(await isAuthorized(() => write(stays))).toBe(true);
});

test('a generation that changes while it is read applies to the next transaction', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = { ...(await member('agent')), database };
  // A removal between 40 reads.
  const reads = Array.from({ length: 20 }, () => read(agent));
  const removed = removeMember(owner, { userId: userIdOf(agent) });
  const later = Array.from({ length: 20 }, () => read(agent));
  await Promise.allSettled([...reads, ...later, removed]);
  await expect(read(agent)).rejects.toMatchObject(unauthenticated);
});

test('access generations cannot be changed by the services', async () => {
  const { tenantId } = await createTestTenant(context);
  for (const statement of [
    sql`update app.access_generations set generation = 0`,
    sql`delete from app.access_generations`,
  ]) {
    const failure = await context.database
      .write({ tenantId }, (tx) => tx.execute(statement))
      .catch((error) => error);
    expect(sqlState(failure)).toBe('42501');
  }
});

test('a transaction without a session authorizes nothing and has an empty scope', async () => {
  const empty = { tenant: '', user: '', readOnly: 'on' };
  const readScope = () => database.read({}, (tx) => tx.execute(scope).execute());
  expect(await isAuthorized(readScope)).toBe(false);
  expect([...(await readScope())]).toEqual([empty]);
});
