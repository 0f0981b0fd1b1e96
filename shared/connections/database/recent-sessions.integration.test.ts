import { afterAll, expect, test } from 'bun:test';
import { type Context, readTenant, withTenant } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { updateMember, logout, removeMember } from '@insightdesk/shared/domain/identity/users';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  userOf,
} from '@insightdesk/shared/testing';
import { createRecentSessions } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { createDatabase } from './database.ts';
import { sqlState } from './failures.ts';

const { context, close } = createTestContext();
let clock = 0;
const said: string[] = [];
const recentSessions = createRecentSessions(() => clock);
const database = createDatabase({
  url: testEnvironment.databaseUrl,
  poolMin: 1,
  poolMax: 1,
  timeoutMs: 5_000,
  slowQueryMs: 5_000,
  recentSessions,
  observe: (query) => void said.push(query),
});
afterAll(() => Promise.all([close(), database.close()]));

const scope = sql`select current_setting('app.tenant_id') as tenant,
  current_setting('app.user_id') as person, current_setting('transaction_read_only') as "readOnly"`;
const look = (ctx: Context) => readTenant(ctx, ({ tx }) => tx.execute(scope).execute());
const change = (ctx: Context) => withTenant(ctx, ({ tx }) => tx.execute(scope));

async function asked(work: () => Promise<unknown>): Promise<boolean> {
  said.length = 0;
  await work();
  return said.some((query) => query.includes('app.authorize'));
}

test('who was let in a moment ago is not asked for again, and stands in the same scope', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const ctx = { ...owner, database };
  expect(await asked(() => look(ctx))).toBe(true);
  expect(await asked(() => look(ctx))).toBe(false);
  expect(await asked(() => change(ctx))).toBe(false);
  const who = { tenant: toUuid(tenantId), person: toUuid(userOf(owner)) };
  expect([...(await look(ctx))]).toEqual([{ ...who, readOnly: 'on' }]);
  expect([...(await change(ctx))]).toEqual([{ ...who, readOnly: 'off' }]);
  clock += 500;
  expect(await asked(() => look(ctx))).toBe(true);
});

test('whoever comes as somebody else, or as more, is asked for', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = { ...(await member('agent')), database };
  await look(agent);
  if (agent.actor.kind !== 'user' || owner.actor.kind !== 'user')
    throw new Error('Nobody is signed in');
  const raised: Context = { ...agent, actor: { ...agent.actor, role: 'owner' } };
  await expect(look(raised)).rejects.toMatchObject({ status: 401 });
  const other: Context = { ...agent, actor: { ...agent.actor, userId: owner.actor.userId } };
  await expect(look(other)).rejects.toMatchObject({ status: 401 });
});

const refused = { status: 401 };

test('who is removed, signed out or may do less is refused from the COMMIT on', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = { ...(await member('agent')), database };
  const leaver = { ...(await member('agent')), database };
  const guest = { ...(await member('customer')), database };
  const lookAll = () => Promise.allSettled([agent, leaver, guest].map((one) => look(one)));
  await lookAll();
  await updateMember(owner, { userId: userOf(agent), role: 'customer' });
  await expect(look(agent)).rejects.toMatchObject(refused);
  await lookAll();
  await removeMember(owner, { userId: userOf(leaver) });
  await expect(change(leaver)).rejects.toMatchObject(refused);
  await lookAll();
  await logout({ ...guest, database: owner.database }, {});
  await expect(look(guest)).rejects.toMatchObject(refused);
});

test('what others lose is no reason to refuse anybody else: that one is asked for again', async () => {
  const { owner, member } = await createTestTenant(context);
  const stays = { ...(await member('agent')), database };
  const leaves = await member('agent');
  await look(stays);
  await removeMember(owner, { userId: userOf(leaves) });
  expect(await asked(() => look(stays))).toBe(true);
  expect(await asked(() => change(stays))).toBe(false);
  await removeMember(owner, { userId: userOf(await member('agent')) });
  expect(await asked(() => change(stays))).toBe(true);
});

test('an epoch that moves on while it is read is met by the next transaction', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = { ...(await member('agent')), database };
  // Twenty readers, and a removal somewhere among them.
  const reads = Array.from({ length: 20 }, () => look(agent));
  const removed = removeMember(owner, { userId: userOf(agent) });
  const later = Array.from({ length: 20 }, () => look(agent));
  await Promise.allSettled([...reads, ...later, removed]);
  await expect(look(agent)).rejects.toMatchObject(refused);
});

test('nobody turns an epoch back', async () => {
  const { tenantId } = await createTestTenant(context);
  for (const back of [
    sql`update app.access_epochs set epoch = 0`,
    sql`delete from app.access_epochs`,
  ]) {
    const failure = await context.database
      .write({ tenantId }, (tx) => tx.execute(back))
      .catch((error) => error);
    expect(sqlState(failure)).toBe('42501');
  }
});

test('nobody’s session never asks; without a tenant nothing is in scope', async () => {
  const empty = { tenant: '', person: '', readOnly: 'on' };
  const read = () => database.read({}, (tx) => tx.execute(scope).execute());
  expect(await asked(read)).toBe(false);
  expect([...(await read())]).toEqual([empty]);
});
