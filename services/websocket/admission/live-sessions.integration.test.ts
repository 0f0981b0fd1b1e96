import { afterAll, afterEach, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { Channels, type Id, type Permission, toUuid } from '@insightdesk/shared/contract';
import { connect as openDatabase } from '@insightdesk/shared/database';
import { createKey, revokeKey, rotateKey } from '@insightdesk/shared/domain/identity/api-keys';
import { addRole, updateRole } from '@insightdesk/shared/domain/identity/roles';
import {
  changeRole,
  findGrant,
  logout,
  openSession,
  removeMember,
  revokeSession,
} from '@insightdesk/shared/domain/identity/users';
import {
  disableOrganization,
  enableOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { UnavailableError } from '@insightdesk/shared/errors';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  until,
  userOf,
} from '@insightdesk/shared/testing';
import { createAdmissions, newId } from '@insightdesk/shared/utils';
import { channels } from '../channels.ts';
import { ask, createStage } from '../test-replica.ts';
import { createSessionRecords } from './session-records.ts';
import { sessionsOf } from './session-source.ts';

const testContext = createTestContext();
const { context } = testContext;
const { startReplica, connect, channelLog, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

/** How late it is for what was remembered. */
let clockMs = 0;
const records = createSessionRecords(
  sessionsOf(context),
  createAdmissions(() => clockMs),
);
const overrides = {
  sessionRecords: records,
  channels,
};
const start = async () =>
  [
    await startReplica('websocket-1', overrides),
    await startReplica('websocket-2', overrides),
  ] as const;

async function tokenOf({ actor, tenantId }: Context): Promise<string> {
  if (actor.kind !== 'user' || !tenantId) throw new Error('Nobody is signed in');
  return (await context.tokens.signAccess({ ...actor, tenantId })).token;
}

/** A connected member that keeps why it was closed. */
const visit = async (url: string, member: Context) => visitBy(url, await tokenOf(member));

async function visitBy(url: string, token: string) {
  const { socket } = await connect(url, token);
  const reasons: string[] = [];
  socket.on('closing', ({ code }) => reasons.push(code));
  socket.on('disconnect', (reason) => reasons.push(reason));
  return { socket, reasons };
}

/** Ends a session without telling anybody, as time does: no relay closes the socket meanwhile. */
async function expire({ actor }: Context): Promise<void> {
  if (actor.kind !== 'user') throw new Error('Nobody is signed in');
  const sql = openDatabase(testEnvironment.adminUrl, { timeoutMs: 5_000 });
  await sql`update sessions set expires_at = now() where id = ${toUuid(actor.sessionId)}`;
  await sql.end();
}

const tenantOf = ({ tenantId }: Context) => tenantId ?? newId('org');

/** What the worker's reaction to this event does. */
const tell = (member: Context, type: string) => tellUser(tenantOf(member), userOf(member), type);
const tellUser = (tenantId: Id<'org'>, userId: Id<'usr'>, type: string) =>
  append(tenantId, Channels.userPrivate(userId), type);
const tellStaff = (tenantId: Id<'org'>, type: string) =>
  append(tenantId, Channels.organization(tenantId), type);
const append = (tenantId: Id<'org'>, channel: string, type: string) =>
  channelLog().append([
    { tenantId, channel, id: newId('evt'), type, data: {}, at: new Date().toISOString() },
  ]);

const system = ({ tenantId }: Context): Context => ({
  ...context,
  tenantId,
  actor: { kind: 'system', name: 'test' },
});

const gone = (code: string) => [code, 'io server disconnect'];

test.each([
  ['session.revoked', 'SESSION_ENDED', (_owner: Context, member: Context) => logout(member, {})],
  [
    'member.removed',
    'SESSION_ENDED',
    (owner: Context, member: Context) => removeMember(owner, { userId: userOf(member) }),
  ],
  [
    'member.updated',
    'ACCESS_CHANGED',
    (owner: Context, member: Context) =>
      changeRole(owner, { userId: userOf(member), role: 'customer' }),
  ],
] as const)('%s: its sockets on every replica are closed', async (type, code, act) => {
  const replicas = await start();
  const { owner, member } = await createTestTenant(context);
  const [agent, bystander] = [await member('agent'), await member('agent')];
  const affected = await Promise.all(replicas.map(({ url }) => visit(url, agent)));
  const others = await Promise.all(replicas.map(({ url }) => visit(url, bystander)));
  await act(owner, agent);
  await Promise.all([tell(agent, type), tell(bystander, type)]);
  await until(() => affected.every(({ reasons }) => reasons.length === 2));
  for (const { reasons } of affected) expect(reasons).toEqual(gone(code));
  await Bun.sleep(100);
  expect(others.map(({ reasons }) => reasons)).toEqual([[], []]);
});

test('organization.disabled: all its sockets on every replica are closed, and no others', async () => {
  const replicas = await start();
  const { owner, member, tenantId } = await createTestTenant(context);
  const people = [owner, await member('agent'), await member('customer')];
  const visits = people.flatMap((who) => replicas.map(({ url }) => visit(url, who)));
  const affected = await Promise.all(visits);
  const stranger = (await createTestTenant(context)).owner;
  const others = await Promise.all(replicas.map(({ url }) => visit(url, stranger)));
  await tellStaff(tenantId, 'organization.disabled');
  await Bun.sleep(200);
  expect(affected.every(({ socket }) => socket.connected)).toBe(true);
  await disableOrganization(system(owner));
  await tellStaff(tenantId, 'organization.disabled');
  await until(() => affected.every(({ reasons }) => reasons.length === 2));
  for (const { reasons } of affected) expect(reasons).toEqual(gone('ACCESS_CHANGED'));
  const url = replicas[1]?.url ?? '';
  for (const who of people) {
    const failure = await connect(url, await tokenOf(who)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ data: { status: 403, code: 'ORGANIZATION_DISABLED' } });
  }
  expect(replicas[1]?.server.refusals().get('ORGANIZATION_DISABLED')).toBe(3);
  expect(others.map(({ reasons }) => reasons)).toEqual([[], []]);
  await enableOrganization(system(owner));
  await Promise.all(people.map((who) => visit(url, who)));
});

test('a replica that heard nothing asks when its subscriber is back', async () => {
  const [replica] = await start();
  if (!replica) throw new Error('no replica');
  const { member } = await createTestTenant(context);
  const [agent, bystander] = [await member('agent'), await member('agent')];
  const [affected, other] = [
    await visit(replica.url, agent),
    await visit(replica.url, bystander),
  ] as const;
  await replica.hub.unsubscribe('realtime:events');
  await logout(agent, {});
  await tell(agent, 'session.revoked');
  await Bun.sleep(200);
  expect(affected.reasons).toEqual([]);
  replica.hub.disconnect(true);
  await until(() => affected.reasons.length === 2);
  expect(affected.reasons).toEqual(gone('SESSION_ENDED'));
  expect(other.reasons).toEqual([]);
});

test('a token of an ended session: no connection, no renewal, no channel of any kind', async () => {
  const [replica] = await start();
  if (!replica) throw new Error('no replica');
  const { member, tenantId } = await createTestTenant(context);
  const agent = await member('agent');
  const token = await tokenOf(agent);
  const { socket } = await connect(replica.url, token);
  const channels = [Channels.userPrivate(userOf(agent)), Channels.organization(tenantId)];
  for (const channel of channels) {
    expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
    await ask(socket, 'unsubscribe', { channel });
  }
  expect(await ask(socket, 'authenticate', { token })).toMatchObject({ ok: true });
  await expire(agent);
  clockMs += 500;
  const refused = { ok: false, error: { status: 401, code: 'SESSION_ENDED' } };
  for (const channel of channels) {
    expect(await ask(socket, 'subscribe', { channel })).toMatchObject(refused);
  }
  expect(await ask(socket, 'authenticate', { token })).toMatchObject(refused);
  const failure = await connect(replica.url, token).catch((error: unknown) => error);
  expect(failure).toMatchObject({ data: { status: 401, code: 'SESSION_ENDED' } });
});

test('who signs out or is removed is not let in by what was remembered', async () => {
  const [{ url }] = await start();
  const { owner, member } = await createTestTenant(context);
  const [leaver, removed] = [await member('agent'), await member('agent')];
  const tokens = await Promise.all([leaver, removed, owner].map(tokenOf));
  const visitAll = () => Promise.allSettled(tokens.map((token) => connect(url, token)));
  expect((await visitAll()).map(({ status }) => status)).not.toContain('rejected');
  await logout(leaver, {});
  await removeMember(owner, { userId: userOf(removed) });
  const refused = { reason: { data: { status: 401, code: 'SESSION_ENDED' } } };
  expect(await visitAll()).toMatchObject([refused, refused, { status: 'fulfilled' }]);
});

test('what ends while a socket is on its way in still closes it', async () => {
  const { member } = await createTestTenant(context);
  const agent = await member('agent');
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    sessionRecords: {
      ...records,
      async require(caller) {
        await records.require(caller);
        await logout(agent, {});
        await tell(agent, 'session.revoked');
        await Bun.sleep(100);
      },
    },
  });
  const { reasons, socket } = await visit(url, agent);
  await until(() => !socket.connected);
  expect(reasons.at(-1)).toBe('io server disconnect');
});

test('without the database a socket comes again by itself, until it is let in', async () => {
  const { member } = await createTestTenant(context);
  let refusals = 0;
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    sessionRecords: {
      ...records,
      require: async (caller) => {
        if (refusals++ < 2) throw new UnavailableError('no database');
        await records.require(caller);
      },
    },
  });
  const options = { reconnection: true, reconnectionDelay: 10 };
  const { socket } = await connect(url, await tokenOf(await member('agent')), options);
  expect(socket.connected).toBe(true);
  expect(refusals).toBe(3);
});

test('a token is said to run out a minute before, and again after a renewal', async () => {
  const { member } = await createTestTenant(context);
  const agent = await member('agent');
  const token = await tokenOf(agent);
  const expiries: number[] = [];
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    tokens: {
      async verifyAccess(asked) {
        expiries.push(Date.now() + 63_000);
        return { ...(await context.tokens.verifyAccess(asked)), expiresAt: expiries.at(-1) ?? 0 };
      },
    },
  });
  const { socket } = await connect(url, token);
  const notices: { expiresAt: string }[] = [];
  socket.on('expiring', (notice) => notices.push(notice));
  await Bun.sleep(100);
  expect(notices).toEqual([]);
  await until(() => notices.length === 1);
  await ask(socket, 'authenticate', { token });
  await until(() => notices.length === 2);
  expect(notices.map(({ expiresAt }) => Date.parse(expiresAt))).toEqual(expiries);
  expect(socket.connected).toBe(true);
});

test('a custom role that changes closes the sockets of those who have it, and of nobody else', async () => {
  const replicas = await start();
  const { owner, member, tenantId } = await createTestTenant(context);
  const [agent, bystander] = [await member('agent'), await member('agent')];
  const permissions: Permission[] = ['channels:subscribe', 'members:read'];
  const role = await addRole(owner, { name: 'R', base: 'agent', permissions });
  await changeRole(owner, { userId: userOf(agent), role: 'agent', roleId: role.id });
  const stale = await connect(replicas[0].url, await tokenOf(agent)).catch((error) => error);
  expect(stale).toMatchObject({ data: { status: 401, code: 'ACCESS_CHANGED' } });
  const grant = await findGrant(context, { tenantId, userId: userOf(agent) });
  const narrowed = { ...agent, actor: { ...agent.actor, grant } } as Context;
  const affected = await Promise.all(replicas.map(({ url }) => visit(url, narrowed)));
  const others = await Promise.all(replicas.map(({ url }) => visit(url, bystander)));
  const channel = Channels.organization(tenantId);
  const { socket } = affected[0] as (typeof affected)[number];
  expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ error: { status: 404 } });
  const signal = { channel, type: 'typing' };
  expect(await ask(socket, 'publish', signal)).toMatchObject({ error: { status: 403 } });
  await updateRole(owner, { id: role.id, permissions: [...permissions, 'conversations:read'] });
  await tellStaff(tenantId, 'role.updated');
  await until(() => affected.every(({ reasons }) => reasons.length === 2));
  for (const { reasons } of affected) expect(reasons).toEqual(gone('ACCESS_CHANGED'));
  await Bun.sleep(100);
  expect(others.map(({ reasons }) => reasons)).toEqual([[], []]);
});

test('an API key opens sockets for what it may do, until it is revoked or replaced', async () => {
  const replicas = await start();
  const { owner, tenantId } = await createTestTenant(context);
  const permissions: Permission[] = ['channels:subscribe', 'conversations:read', 'members:read'];
  const key = await createKey(owner, { name: 'Screen', permissions });
  const open = (secret: string) => Promise.all(replicas.map(({ url }) => visitBy(url, secret)));
  const tellHolder = (type: string) => tellUser(tenantId, key.userId, type);
  const first = await open(key.secret);
  const { socket } = first[0] as (typeof first)[number];
  const channel = Channels.organization(tenantId);
  expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  expect(await ask(socket, 'authenticate', { token: key.secret })).toMatchObject({ ok: true });
  const signal = { channel, type: 'typing' };
  expect(await ask(socket, 'publish', signal)).toMatchObject({ error: { status: 403 } });
  for (const other of [Channels.userPrivate(key.userId), Channels.organizationPresence(tenantId)]) {
    const answer = await ask(socket, 'subscribe', { channel: other });
    expect(answer).toMatchObject({ error: { status: 404 } });
  }

  const next = await rotateKey(owner, { id: key.id, overlapHours: 1 });
  await tellHolder('api-key.rotated');
  const second = await open(next.secret);
  await Bun.sleep(200);
  for (const { reasons } of [...first, ...second]) expect(reasons).toEqual([]);
  const third = await rotateKey(owner, { id: key.id, overlapHours: 1 });
  await tellHolder('api-key.rotated');
  await until(() => first.every(({ reasons }) => reasons.length === 2));
  for (const { reasons } of first) expect(reasons).toEqual(gone('SESSION_ENDED'));
  const last = await open(third.secret);
  for (const { reasons } of [...second, ...last]) expect(reasons).toEqual([]);

  await revokeKey(owner, { id: key.id });
  await tellHolder('api-key.revoked');
  const rest = [...second, ...last];
  await until(() => rest.every(({ reasons }) => reasons.length === 2));
  for (const { reasons } of rest) expect(reasons).toEqual(gone('SESSION_ENDED'));
  for (const secret of [key.secret, next.secret, third.secret]) {
    const failure = await connect(replicas[1].url, secret).catch((error: unknown) => error);
    expect(failure).toMatchObject({ data: { status: 401 } });
  }
});

test('a session that ends while a socket asks to go on by it closes the socket', async () => {
  const { member, tenantId } = await createTestTenant(context);
  const agent = await member('agent');
  const other = await openSession(context, { tenantId, userId: userOf(agent), role: 'agent' });
  const { sessionId } = await context.tokens.verifyAccess(other.accessToken);
  let times = 0;
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    sessionRecords: {
      ...records,
      async require(claims) {
        await records.require(claims);
        if (claims.sessionId !== sessionId || times++ > 0) return;
        // The answer is on its way, and not true any more.
        await revokeSession(agent, { id: sessionId });
        await tell(agent, 'session.revoked');
        await Bun.sleep(100);
      },
    },
  });
  const { socket, reasons } = await visit(url, agent);
  expect(await ask(socket, 'authenticate', { token: other.accessToken })).toMatchObject({
    ok: false,
    error: { status: 401, code: 'SESSION_ENDED' },
  });
  await until(() => reasons.length === 2);
  expect(reasons).toEqual(gone('SESSION_ENDED'));
});

test('a token of another role does not keep the channels of the former one open', async () => {
  const [replica] = await start();
  const { member } = await createTestTenant(context);
  const agent = await member('agent');
  const { socket, reasons } = await visit(replica?.url ?? '', agent);
  if (agent.actor.kind !== 'user') throw new Error('Nobody is signed in');
  const token = await tokenOf({ ...agent, actor: { ...agent.actor, role: 'customer' } });
  expect(await ask(socket, 'authenticate', { token })).toMatchObject({
    ok: false,
    error: { status: 403 },
  });
  await until(() => reasons.length === 2);
  expect(reasons).toEqual(gone('ACCESS_CHANGED'));
});
