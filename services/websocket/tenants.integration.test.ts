import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { Channels, type Id } from '@insightdesk/shared/contract';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import {
  logoutAll,
  members,
  openSession,
  removeMember,
} from '@insightdesk/shared/domain/identity/users';
import {
  createTestContext,
  createTestTenant,
  signedIn,
  until,
  userOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createSessionRecords } from './sessions/session-verifier.ts';
import { sessionsOf } from './sessions/session-source.ts';
import { channels } from './channels.ts';
import { defineChannels } from './subscriptions/define-channels.ts';
import { ask, createStage } from './testing/test-replica.ts';

const testContext = createTestContext();
const { context } = testContext;
const { startReplica, connect, channelLog, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

const overrides = {
  channels,
  sessionRecords: createSessionRecords(sessionsOf(context)),
};

/** One person, an agent of two organisations, and a conversation in each. */
async function createDouble() {
  const [one, two] = [await createTestTenant(context), await createTestTenant(context)];
  const here = await one.member('agent');
  const userId = userOf(here);
  const { tenantId } = two;
  await context.database.write({ tenantId }, async (tx) => {
    await tx.insert(members).values({ tenantId, userId, role: 'agent' });
  });
  const { accessToken } = await openSession(context, { tenantId, userId, role: 'agent' });
  const there = await signedIn(context, accessToken);
  return { userId, owners: [one.owner, two.owner] as const, here, there };
}

let person: Awaited<ReturnType<typeof createDouble>>;
beforeEach(async () => {
  person = await createDouble();
});

async function visit(url: string, { actor, tenantId }: Context) {
  if (actor.kind !== 'user' || !tenantId) throw new Error('Nobody is signed in');
  const { token } = await context.security.tokens.signAccess({ ...actor, tenantId });
  const visitor = await connect(url, token);
  const heard: unknown[] = [];
  const { socket } = visitor;
  socket.on('signal', ({ data }) => heard.push(data));
  socket.on('closing', ({ code }) => heard.push(code));
  return { ...visitor, heard, tenantId };
}
type Visitor = Awaited<ReturnType<typeof visit>>;

const subscribe = ({ socket }: Visitor, channel: string, position = {}) =>
  ask(socket, 'subscribe', { channel, ...position });

const tell = (tenantId: Id<'org'>, channel: string, type = 'x') =>
  channelLog().append([
    { tenantId, channel, id: newId('evt'), type, data: { tenantId }, at: new Date().toISOString() },
  ]);

/** Both organisations on both replicas. */
async function visitAll(more: Parameters<typeof startReplica>[1] = {}) {
  const options = { ...overrides, ...more };
  const replicas = [
    await startReplica('websocket-1', options),
    await startReplica('websocket-2', options),
  ] as const;
  const all = (who: Context) => Promise.all(replicas.map(({ url }) => visit(url, who)));
  return { replicas, here: await all(person.here), there: await all(person.there) };
}

test('the same name is another channel: events, positions, signals, who is where', async () => {
  const { replicas, here, there } = await visitAll();
  const { userId } = person;
  const channel = Channels.userPrivate(userId);
  const before = await Promise.all([...here, ...there].map((one) => subscribe(one, channel)));
  expect(before.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  expect(before[0].epoch).not.toBe(before[2].epoch);
  for (const side of [here, there]) {
    const { tenantId } = side[0] as Visitor;
    await tell(tenantId, channel);
    await until(() => side.every(({ events }) => events.length === 1));
    for (const { events } of side) expect(events[0]).toMatchObject({ channel, data: { tenantId } });
    const clients = await replicas[0].server.getChannelClients({ tenantId, channel });
    const ids = side.map(({ socket }) => String(socket.id));
    expect(clients.map(({ socketId }) => socketId).sort()).toEqual(ids.sort());
    expect(await replicas[1].server.getClientChannels({ tenantId, userId })).toEqual([channel]);
  }
  await ask((here[0] as Visitor).socket, 'publish', { channel, type: 'typing', data: 'here' });
  await until(() => here[1]?.heard.length, { equals: 1 });
  await Bun.sleep(100);
  expect([...here, ...there].map(({ heard }) => heard)).toEqual([[], ['here'], [], []]);
  expect([...here, ...there].map(({ events }) => events.length)).toEqual([1, 1, 1, 1]);

  const { epoch } = before[0];
  const foreign = await subscribe(there[0] as Visitor, channel, { epoch, offset: 0 });
  expect(foreign).toMatchObject({ ok: true, recovered: false, events: [] });
});

test('a channel that names no organisation at all, with presence: nothing crosses', async () => {
  const channel = 'presence-lobby';
  const { here, there } = await visitAll({
    channels: defineChannels({
      'presence-lobby': { permission: 'channels:subscribe', allow: () => true },
    }),
  });
  const [one, two] = [here[0], there[0]] as [Visitor, Visitor];
  await subscribe(one, channel);
  await until(() => one.events.length, { equals: 1 });
  await subscribe(two, channel);
  await until(() => two.events.length, { equals: 1 });
  await ask(one.socket, 'presence:set', { status: 'busy' });
  await until(() => one.events.length, { equals: 2 });
  const present = await Promise.all([
    ask(one.socket, 'presence', { channel }),
    ask(two.socket, 'presence', { channel }),
  ]);
  expect(present.map(({ members }) => members)).toMatchObject([
    [{ status: 'busy', connections: 1 }],
    [{ status: 'online', connections: 1 }],
  ]);
  expect(two.events).toHaveLength(1);
});

test('an id of the other organisation is refused, whatever it names', async () => {
  const { here, there } = await visitAll();
  const { id } = await createConversation(person.here, { subject: 'Ours', body: 'Secret' });
  const tenantId = person.here.tenantId as Id<'org'>;
  const names = [
    Channels.organization(tenantId),
    Channels.conversation(id),
    Channels.conversationStaff(id),
    Channels.organizationPresence(tenantId),
    Channels.conversationPresence(id),
  ];
  for (const name of names) {
    expect(await subscribe(here[0] as Visitor, name)).toMatchObject({ ok: true });
    const refused = { ok: false, error: { status: 404, code: 'NOT_FOUND' } };
    expect(await subscribe(there[0] as Visitor, name)).toMatchObject(refused);
    expect(await subscribe(there[1] as Visitor, `${tenantId}/${name}`)).toMatchObject(refused);
    await tell(tenantId, name);
  }
  await until(() => (here[0] as Visitor).events.filter(({ type }) => type === 'x').length, {
    equals: 5,
  });
  expect(there.flatMap(({ events }) => events)).toEqual([]);
});

test.each([
  ['session.revoked', (who: Context) => logoutAll(who, {})],
  [
    'member.removed',
    (who: Context, owner: Context) => removeMember(owner, { userId: userOf(who) }),
  ],
] as const)(
  '%s in one organisation closes the sockets there, and in the other one later',
  async (type, act) => {
    const { here, there } = await visitAll();
    const { userId, owners } = person;
    for (const [who, owner, gone, staying] of [
      [person.here, owners[0], here, there],
      [person.there, owners[1], there, []],
    ] as const) {
      await act(who, owner);
      await tell(who.tenantId as Id<'org'>, Channels.userPrivate(userId), type);
      await until(() => gone.every(({ socket }) => !socket.connected));
      expect(gone.map(({ heard }) => heard)).toEqual([['SESSION_ENDED'], ['SESSION_ENDED']]);
      await Bun.sleep(100);
      expect(staying.every(({ socket, heard }) => socket.connected && heard.length === 0)).toBe(
        true,
      );
    }
  },
);
