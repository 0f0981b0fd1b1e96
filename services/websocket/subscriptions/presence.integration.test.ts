import { afterAll, afterEach, expect, test } from 'bun:test';
import { Channels, type PresenceChange } from '@insightdesk/shared/contract';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { ask, createStage, entries, newChannel } from '../test-replica.ts';

const testContext = createTestContext();
const { startReplica, connect, person, channelLog, presenceMembers, close } =
  createStage(testContext);
afterEach(close);
afterAll(testContext.close);

type Visitor = Awaited<ReturnType<typeof connect>>;
const changesOf = ({ events }: Visitor) => events.map(({ data }) => data as PresenceChange);
const toldOf = (visitor: Visitor) => changesOf(visitor).map((c) => `${c.change} ${c.status}`);

async function setUp() {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const channel = Channels.conversationPresence(newId('cnv'));
  const watcher = await connect(one.url, (await person()).token);
  await ask(watcher.socket, 'subscribe', { channel });
  await until(() => watcher.events.length === 1);
  watcher.events.length = 0;
  async function come(url: string, token: string) {
    const visitor = await connect(url, token);
    expect(await ask(visitor.socket, 'subscribe', { channel })).toMatchObject({ ok: true });
    return visitor;
  }
  return { one, two, channel, watcher, come };
}

const anybody = { pattern: '', permission: 'channels:subscribe' } as const;

test('two devices on two replicas: joined, changed, left are told to everyone else', async () => {
  const { one, two, channel, watcher, come } = await setUp();
  const agent = await person();
  const phone = await come(one.url, agent.token);
  const desk = await come(two.url, agent.token);
  const metadata = { device: 'desk', tabs: [] };
  const set = await ask(desk.socket, 'presence:set', { status: 'away', metadata });
  expect(set).toEqual({ ok: true });
  const presentTo = async ({ socket }: Visitor) => {
    const { members, total } = await ask(socket, 'presence', { channel });
    expect(total).toBe(2);
    return members.find(({ userId }: PresenceChange) => userId === agent.userId);
  };
  const away = { userId: agent.userId, status: 'away', metadata };
  expect(await presentTo(phone)).toEqual({ ...away, connections: 2 });
  await ask(phone.socket, 'unsubscribe', { channel });
  // Its replica is told first: who leaves on two of them at once leaves in any order.
  await until(async () => (await presentTo(desk)).connections === 1);
  await ask(desk.socket, 'unsubscribe', { channel });
  await until(() => watcher.events.length === 3);
  expect(toldOf(watcher)).toEqual(['joined online', 'changed away', 'left offline']);
  expect(watcher.events[0]).toMatchObject({ type: 'presence.changed', channel });
  expect(changesOf(watcher).every(({ userId }) => userId === agent.userId)).toBe(true);
  const missing = await ask(phone.socket, 'presence', { channel });
  expect(missing).toMatchObject({ ok: false, error: { status: 404 } });
});

test('a reload does not flap, even onto the other replica; who stays away has left once', async () => {
  const { one, two, watcher, come } = await setUp();
  const agent = await person();
  const before = await come(one.url, agent.token);
  before.socket.disconnect();
  const after = await come(two.url, agent.token);
  await Bun.sleep(2_500);
  expect(toldOf(watcher)).toEqual(['joined online']);
  after.socket.io.engine.close();
  await until(() => watcher.events.length === 2);
  await Bun.sleep(300);
  expect(toldOf(watcher)).toEqual(['joined online', 'left offline']);
});

test('a replica that goes away: its members have left after the grace, told by the other', async () => {
  const { two, channel, watcher, come } = await setUp();
  const agents = await Promise.all(Array.from({ length: 20 }, () => person()));
  for (const { token } of agents) await come(two.url, token);
  await until(() => watcher.events.length === 20);
  await two.server.drain(0);
  await until(() => watcher.events.length === 40);
  await Bun.sleep(300);
  const left = changesOf(watcher).slice(20);
  expect(left.every(({ change }) => change === 'left')).toBe(true);
  expect(new Set(left.map(({ userId }) => userId))).toEqual(
    new Set(agents.map(({ userId }) => userId)),
  );
  const { members } = await ask(watcher.socket, 'presence', { channel });
  expect(members).toHaveLength(1);
});

test('whoever is signed out has left at once, without a grace', async () => {
  const { channel, watcher } = await setUp();
  const { url } = await startReplica('websocket-3', {
    presenceMembers: presenceMembers({ graceMs: 60_000 }),
    sessionRecords: { require: () => Promise.resolve(), list: async () => new Map() },
  });
  const agent = await person();
  const { socket } = await connect(url, agent.token);
  await ask(socket, 'subscribe', { channel });
  const [revoked] = entries(Channels.userPrivate(agent.userId), 1);
  if (revoked) await channelLog().append([{ ...revoked, type: 'session.revoked' }]);
  await until(() => watcher.events.length === 2);
  expect(toldOf(watcher)).toEqual(['joined online', 'left offline']);
});

test.each([0, 1])(
  'unsubscribe overtakes subscribe, subscribed %i times before: nobody stays behind',
  async (before) => {
    const { channel, watcher } = await setUp();
    let gate = Promise.resolve();
    const { url } = await startReplica('websocket-3', {
      channels: { find: () => ({ ...anybody, allow: () => gate.then(() => true) }) },
    });
    const { socket } = await connect(url, (await person()).token);
    for (let i = 0; i < before; i++) await ask(socket, 'subscribe', { channel });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const subscribing = ask(socket, 'subscribe', { channel });
    expect(await ask(socket, 'unsubscribe', { channel })).toEqual({ ok: true });
    resolve();
    expect(await subscribing).toMatchObject({ ok: false, error: { status: 409 } });
    socket.disconnect();
    await until(() => watcher.events.length === 2 * before);
    // Longer than a lease: whoever was forgotten would be renewed.
    await Bun.sleep(3_500);
    expect(toldOf(watcher)).toEqual(['joined online', 'left offline'].slice(0, 2 * before));
    expect((await ask(watcher.socket, 'presence', { channel })).total).toBe(1);
  },
);

test('a second subscribe that is refused, or cut off, ends the membership of the first', async () => {
  const { channel, watcher } = await setUp();
  let allow = async () => true;
  const { url } = await startReplica('websocket-3', {
    channels: { find: () => ({ ...anybody, allow: () => allow() }) },
  });
  const [refused, cutOff] = [
    await connect(url, (await person()).token),
    await connect(url, (await person()).token),
  ];
  for (const { socket } of [refused, cutOff]) await ask(socket, 'subscribe', { channel });
  await until(() => watcher.events.length === 2);
  allow = async () => false;
  expect(await ask(refused.socket, 'subscribe', { channel })).toMatchObject({ ok: false });
  await until(() => watcher.events.length === 3);
  allow = () => new Promise(() => {});
  cutOff.socket.emit('subscribe', { channel });
  await Bun.sleep(50);
  cutOff.socket.disconnect();
  await until(() => watcher.events.length === 4);
  expect(changesOf(watcher).filter(({ change }) => change === 'left')).toHaveLength(2);
});

test.each([
  ['presence:set', { status: 'offline' }],
  ['presence:set', { status: 'Away' }],
  ['presence:set', { status: 'a', metadata: 'text' }],
  ['presence:set', { status: 'a', metadata: { text: 'x'.repeat(1_100) } }],
  ['presence:set', {}],
  ['presence', {}],
])('bad input %#: %s is refused', async (name, payload) => {
  const { url } = await startReplica();
  const { socket } = await connect(url, (await person()).token);
  expect(await ask(socket, name, payload)).toMatchObject({ ok: false, error: { status: 422 } });
});

test('a channel that is no presence channel has no members to list', async () => {
  const { url } = await startReplica();
  const { socket } = await connect(url, (await person()).token);
  const channel = newChannel();
  await ask(socket, 'subscribe', { channel });
  expect(await ask(socket, 'presence', { channel })).toMatchObject({ error: { status: 404 } });
});
