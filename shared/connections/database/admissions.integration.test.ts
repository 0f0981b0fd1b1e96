import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Context, readTenant, withTenant } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { changeRole, removeMember } from '@insightdesk/shared/domain/users';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  userOf,
} from '@insightdesk/shared/testing';
import { sql } from 'drizzle-orm';
import { createAdmissions } from './admissions.ts';
import { createDatabase } from './database.ts';
import { createListener } from './listen.ts';

const { context, close } = createTestContext();
let clock = 0;
const heard: string[] = [];
const said: string[] = [];
const admissions = createAdmissions(() => clock);
const database = createDatabase({
  url: testEnvironment.databaseUrl,
  poolMin: 1,
  poolMax: 1,
  timeoutMs: 5_000,
  slowQueryMs: 5_000,
  admissions,
  observe: (query) => void said.push(query),
});
const listener = createListener(testEnvironment.databaseUrl, {
  channel: 'access',
  hear(notice) {
    admissions.forget(notice);
    heard.push(notice);
  },
  onListening: admissions.begin,
});
beforeAll(() => listener.start());
afterAll(() => Promise.all([close(), database.close(), listener.close()]));

const scope = sql`select current_setting('app.tenant_id') as tenant,
  current_setting('app.user_id') as person, current_setting('transaction_read_only') as "readOnly"`;
const look = (ctx: Context) => readTenant(ctx, ({ tx }) => tx.execute(scope).execute());
const change = (ctx: Context) => withTenant(ctx, ({ tx }) => tx.execute(scope));

async function asked(work: () => Promise<unknown>): Promise<boolean> {
  said.length = 0;
  await work();
  return said.some((query) => query.includes('app.enter'));
}

async function untilHeard(tenantId: string): Promise<void> {
  for (let i = 0; i < 250 && !heard.some((notice) => notice.startsWith(tenantId)); i++) {
    await Bun.sleep(20);
  }
  heard.length = 0;
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

test('who is removed or may do less is asked for as soon as the database says so', async () => {
  const { owner, member, tenantId } = await createTestTenant(context);
  const agent = { ...(await member('agent')), database };
  const leaver = { ...(await member('agent')), database };
  await Promise.all([look(agent), look(leaver)]);
  heard.length = 0;
  await changeRole(owner, { userId: userOf(agent), role: 'customer' });
  await untilHeard(toUuid(tenantId));
  await expect(look(agent)).rejects.toMatchObject({ status: 401 });
  await removeMember(owner, { userId: userOf(leaver) });
  await untilHeard(toUuid(tenantId));
  await expect(change(leaver)).rejects.toMatchObject({ status: 401 });
});

test('nobody’s session never asks; without a tenant nothing is in scope', async () => {
  const empty = { tenant: '', person: '', readOnly: 'on' };
  const read = () => database.read({}, (tx) => tx.execute(scope).execute());
  expect(await asked(read)).toBe(false);
  expect([...(await read())]).toEqual([empty]);
});
