import { expect, test } from 'bun:test';
import { Channels, type PresenceChange } from '@insightdesk/shared/contract';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { call, createTestReplicas, newChannel } from '../testing/test-replica.ts';

const { startReplica, connect, newUser, presenceMembers } = createTestReplicas();

type Visitor = Awaited<ReturnType<typeof connect>>;
const changesOf = ({ events }: Visitor) => events.map(({ data }) => data as PresenceChange);
const changesAsText = (visitor: Visitor) =>
  changesOf(visitor).map((c) => `${c.change} ${c.status}`);

async function setUp() {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const channel = Channels.conversationPresence(newId('cnv'));
  const watcher = await connect(one.url, (await newUser()).token);
  await call(watcher.socket, 'subscribe', { channel });
  await until(() => watcher.events.length, { equals: 1 });
  watcher.events.length = 0;
  async function join(url: string, token: string) {
    const visitor = await connect(url, token);
    expect(await call(visitor.socket, 'subscribe', { channel })).toMatchObject({ ok: true });
    return visitor;
  }
  return { one, two, channel, watcher, join };
}

const anyone = { pattern: '', permission: 'channels:subscribe' } as const;

test('presence: joined, changed and left of two devices on two replicas are published once', async () => {
  const { one, two, channel, watcher, join } = await setUp();
  const agent = await newUser();
  const phone = await join(one.url, agent.token);
  const desk = await join(two.url, agent.token);
  const metadata = { device: 'desk', tabs: [] };
  const set = await call(desk.socket, 'presence:set', { status: 'away', metadata });
  expect(set).toEqual({ ok: true });
  const presentTo = async ({ socket }: Visitor) => {
    const { members, total } = await call(socket, 'presence', { channel });
    expect(total).toBe(2);
    return members.find(({ userId }: PresenceChange) => userId === agent.userId);
  };
  const expected = { userId: agent.userId, status: 'away', metadata };
  expect(await presentTo(phone)).toEqual({ ...expected, connections: 2 });
  await call(phone.socket, 'unsubscribe', { channel });
  // One replica after the other: the order of concurrent changes is open.
  await until(async () => (await presentTo(desk)).connections, { equals: 1 });
  await call(desk.socket, 'unsubscribe', { channel });
  await until(() => watcher.events.length, { equals: 3 });
  expect(changesAsText(watcher)).toEqual(['joined online', 'changed away', 'left offline']);
  expect(watcher.events[0]).toMatchObject({ type: 'presence.changed', channel });
  expect(changesOf(watcher).every(({ userId }) => userId === agent.userId)).toBe(true);
  const missing = await call(phone.socket, 'presence', { channel });
  expect(missing).toMatchObject({ ok: false, error: { status: 404 } });
});

test('presence: members of a stopped replica leave after the grace period', async () => {
  const { two, channel, watcher, join } = await setUp();
  const agents = await Promise.all(Array.from({ length: 5 }, () => newUser()));
  for (const { token } of agents) await join(two.url, token);
  await until(() => watcher.events.length, { equals: 5 });
  await two.server.drain(0);
  await until(() => watcher.events.length, { equals: 10 });
  await Bun.sleep(300);
  const left = changesOf(watcher).slice(5);
  expect(left.every(({ change }) => change === 'left')).toBe(true);
  expect(new Set(left.map(({ userId }) => userId))).toEqual(
    new Set(agents.map(({ userId }) => userId)),
  );
  const { members } = await call(watcher.socket, 'presence', { channel });
  expect(members).toHaveLength(1);
});

test('presence: a user who is signed out leaves at once', async () => {
  const { channel, watcher } = await setUp();
  let generation = 0;
  const { url } = await startReplica('websocket-3', {
    presenceMembers: presenceMembers({ graceMs: 60_000 }),
    sessions: {
      async verify() {
        if (generation > 0) throw new UnauthenticatedError('ended', { code: 'SESSION_ENDED' });
        return generation;
      },
      generationsOf: async (tenantIds) => new Map(tenantIds.map((id) => [id, generation])),
    },
  });
  const agent = await newUser();
  const { socket } = await connect(url, agent.token);
  await call(socket, 'subscribe', { channel });
  generation = 1;
  await until(() => watcher.events.length, { equals: 2 });
  expect(changesAsText(watcher)).toEqual(['joined online', 'left offline']);
});

test.each([0, 1])(
  'presence: an unsubscribe that overtakes a subscribe leaves no member, subscribed %i times before',
  async (before) => {
    const { channel, watcher } = await setUp();
    let gate = Promise.resolve();
    const { url } = await startReplica('websocket-3', {
      presenceMembers: presenceMembers({ leaseMs: 1_000 }),
      channels: { find: () => ({ ...anyone, allow: () => gate.then(() => true) }) },
    });
    const { socket } = await connect(url, (await newUser()).token);
    for (let i = 0; i < before; i++) await call(socket, 'subscribe', { channel });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const subscribing = call(socket, 'subscribe', { channel });
    expect(await call(socket, 'unsubscribe', { channel })).toEqual({ ok: true });
    resolve();
    expect(await subscribing).toMatchObject({ ok: false, error: { status: 409 } });
    socket.disconnect();
    await until(() => watcher.events.length === 2 * before);
    // Longer than a lease: a member that was left behind would be renewed.
    await Bun.sleep(1_300);
    expect(changesAsText(watcher)).toEqual(['joined online', 'left offline'].slice(0, 2 * before));
    expect((await call(watcher.socket, 'presence', { channel })).total).toBe(1);
  },
);

test('presence: a second subscribe that is refused or cut off ends the membership of the first', async () => {
  const { channel, watcher } = await setUp();
  let allow = async () => true;
  const { url } = await startReplica('websocket-3', {
    channels: { find: () => ({ ...anyone, allow: () => allow() }) },
  });
  const [refused, cutOff] = [
    await connect(url, (await newUser()).token),
    await connect(url, (await newUser()).token),
  ];
  for (const { socket } of [refused, cutOff]) await call(socket, 'subscribe', { channel });
  await until(() => watcher.events.length, { equals: 2 });
  allow = async () => false;
  expect(await call(refused.socket, 'subscribe', { channel })).toMatchObject({ ok: false });
  await until(() => watcher.events.length, { equals: 3 });
  allow = () => new Promise(() => {});
  cutOff.socket.emit('subscribe', { channel });
  await Bun.sleep(50);
  cutOff.socket.disconnect();
  await until(() => watcher.events.length, { equals: 4 });
  expect(changesOf(watcher).filter(({ change }) => change === 'left')).toHaveLength(2);
});

test('presence: a channel of another kind has no list of members', async () => {
  const { url } = await startReplica();
  const { socket } = await connect(url, (await newUser()).token);
  const channel = newChannel();
  await call(socket, 'subscribe', { channel });
  expect(await call(socket, 'presence', { channel })).toMatchObject({ error: { status: 404 } });
});
