import { beforeEach, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { Channels, type Id } from '@insightdesk/shared/contract';
import { createSession, members, removeMember } from '@insightdesk/shared/domain/identity/users';
import {
  authenticatedContext,
  createTestTenant,
  until,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { channels } from './channels.ts';
import { createSessionSource, createSessionVerifier } from './sessions/session-verifier.ts';
import { call, createTestReplicas } from './testing/test-replica.ts';

const { context, startReplica, connect, tokenOf, channelLog, openSockets } = createTestReplicas();

const overrides = {
  channels,
  sessions: createSessionVerifier(createSessionSource(context)),
};

/** Creates a user who is an agent of two organizations. */
async function createSharedUser() {
  const [one, two] = [await createTestTenant(context), await createTestTenant(context)];
  const here = await one.member('agent');
  const userId = userIdOf(here);
  const { tenantId } = two;
  await context.database.write({ tenantId }, async (tx) => {
    await tx.insert(members).values({ tenantId, userId, role: 'agent' });
  });
  const { accessToken } = await createSession(context, { tenantId, userId, role: 'agent' });
  const there = await authenticatedContext(context, accessToken);
  return { userId, owners: [one.owner, two.owner] as const, here, there };
}

let user: Awaited<ReturnType<typeof createSharedUser>>;
beforeEach(async () => {
  user = await createSharedUser();
});

async function visit(url: string, member: Context) {
  const visitor = await connect(url, await tokenOf(member));
  const received: unknown[] = [];
  const { socket } = visitor;
  socket.on('signal', ({ data }) => received.push(data));
  socket.on('closing', ({ code }) => received.push(code));
  return { ...visitor, received, tenantId: member.tenantId as Id<'org'> };
}
type Visitor = Awaited<ReturnType<typeof visit>>;

const subscribe = ({ socket }: Visitor, channel: string, position = {}) =>
  call(socket, 'subscribe', { channel, ...position });

const append = (tenantId: Id<'org'>, channel: string, type = 'x') =>
  channelLog().append([
    { tenantId, channel, id: newId('evt'), type, data: { tenantId }, at: new Date().toISOString() },
  ]);

/** Connects the user in both organizations to both replicas. */
async function visitAll(more: Parameters<typeof startReplica>[1] = {}) {
  const options = { ...overrides, ...more };
  const replicas = [
    await startReplica('websocket-1', options),
    await startReplica('websocket-2', options),
  ] as const;
  const all = (member: Context) => Promise.all(replicas.map(({ url }) => visit(url, member)));
  return { replicas, here: await all(user.here), there: await all(user.there) };
}

test('channels of one name: events, positions, signals and clients stay in their organization', async () => {
  const { here, there } = await visitAll();
  const sockets = openSockets();
  const { userId } = user;
  const channel = Channels.userPrivate(userId);
  const before = await Promise.all([...here, ...there].map((one) => subscribe(one, channel)));
  expect(before.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  expect(before[0].epoch).not.toBe(before[2].epoch);
  for (const side of [here, there]) {
    const { tenantId } = side[0] as Visitor;
    await append(tenantId, channel);
    await until(() => side.every(({ events }) => events.length === 1));
    for (const { events } of side) expect(events[0]).toMatchObject({ channel, data: { tenantId } });
    const clients = await sockets.getChannelClients({ tenantId, channel });
    const ids = side.map(({ socket }) => String(socket.id));
    expect(clients.map(({ socketId }) => socketId).sort()).toEqual(ids.sort());
    expect(await sockets.getClientChannels({ tenantId, userId })).toEqual([channel]);
  }
  await call((here[0] as Visitor).socket, 'publish', { channel, type: 'typing', data: 'here' });
  await until(() => here[1]?.received.length, { equals: 1 });
  await Bun.sleep(100);
  expect([...here, ...there].map(({ received }) => received)).toEqual([[], ['here'], [], []]);
  expect([...here, ...there].map(({ events }) => events.length)).toEqual([1, 1, 1, 1]);

  const { epoch } = before[0];
  const foreign = await subscribe(there[0] as Visitor, channel, { epoch, offset: 0 });
  expect(foreign).toMatchObject({ ok: true, recovered: false, events: [] });
});

test('removal from one organization: the sockets there are closed, not those in another', async () => {
  const { here, there } = await visitAll();
  const [owner, otherOwner] = user.owners;
  const { userId } = user;
  await removeMember(owner, { userId });
  await until(() => here.every(({ socket }) => !socket.connected));
  expect(here.map(({ received }) => received)).toEqual([['SESSION_ENDED'], ['SESSION_ENDED']]);
  await Bun.sleep(100);
  expect(there.map(({ socket, received }) => [socket.connected, received])).toEqual([
    [true, []],
    [true, []],
  ]);
  await removeMember(otherOwner, { userId });
  await until(() => there.every(({ socket }) => !socket.connected));
});
