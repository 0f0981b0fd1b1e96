import { afterAll, afterEach, expect, test } from 'bun:test';
import { Channels, type PresenceChange } from '@insightdesk/shared/contract';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createChannelLog } from './channel-log.ts';
import { createPresenceMembers, type PresenceState } from './presence-members.ts';
import { channelOf, roomOf } from './room.ts';
import { connectTestValkey } from './test-rooms.ts';

const valkey = connectTestValkey('test-members');
const history = { historyLength: 1_000, historySeconds: 60 };
const log = createChannelLog(valkey, history);
/** Longer than a step of a test takes on a busy machine. */
const GRACE_MS = 1_500;
const errors: unknown[] = [];
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const replica of open.splice(0)) await replica.close();
  expect(errors.splice(0)).toEqual([]);
});
afterAll(() => valkey.quit());

function replica(overrides = {}) {
  const times = { leaseMs: 3_000, renewMs: 300, graceMs: GRACE_MS, expiryCheckMs: 50 };
  const onError = (error: unknown) => errors.push(error);
  const members = createPresenceMembers(valkey, { ...history, ...times, onError, ...overrides });
  members.start();
  open.push(members);
  return members;
}

const online: PresenceState = { status: 'online', metadata: null, setAtMs: 0 };
const socketOf = (userId = newId('usr')) => ({ userId, socketId: crypto.randomUUID() });

/** A new room, and the changes published in it. */
async function newPresenceRoom() {
  const tenantId = newId('org');
  const room = roomOf(tenantId, Channels.organizationPresence(tenantId));
  const start = await log.read(room);
  const published = async () => {
    const { events } = await log.read(room, start);
    expect(events.every(({ type }) => type === 'presence.changed')).toBe(true);
    expect(events.every(({ channel }) => channel === channelOf(room))).toBe(true);
    return events.map(({ data }) => data as PresenceChange);
  };
  const changes = async () =>
    (await published()).map(({ change, status }) => `${change} ${status}`);
  return { room, published, changes };
}

test('presence: a user with several devices joins once and leaves once, the newest status counts', async () => {
  const { room, published, changes } = await newPresenceRoom();
  const [a, b] = [replica(), replica()];
  const userId = newId('usr');
  const [phone, desk] = [socketOf(userId), socketOf(userId)];
  await a.set(room, phone, online);
  await b.set(room, desk, online);
  expect(await a.list(room)).toEqual([
    { userId, status: 'online', metadata: null, connections: 2 },
  ]);
  const state = { status: 'away', metadata: { empty: [], text: 'a|"ü' }, setAtMs: Date.now() };
  await b.set(room, desk, state);
  const { status, metadata } = state;
  expect(await a.list(room)).toEqual([{ userId, status, metadata, connections: 2 }]);
  await b.remove(room, desk, 'left');
  await a.remove(room, phone, 'left');
  await a.remove(room, phone, 'left');
  expect(await b.list(room)).toEqual([]);
  expect(await changes()).toEqual([
    'joined online',
    'changed away',
    'changed online',
    'left offline',
  ]);
  expect((await published())[1]).toEqual({
    userId,
    status,
    metadata,
    connections: 2,
    change: 'changed',
    lastSeenAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
});

test('presence: a return within the grace period publishes nothing, a later one left once', async () => {
  const { room, changes } = await newPresenceRoom();
  const [a, b] = [replica(), replica()];
  const userId = newId('usr');
  const before = socketOf(userId);
  await a.set(room, before, online);
  await a.remove(room, before, 'disconnected');
  expect(await b.list(room)).toMatchObject([{ userId, connections: 0 }]);
  const after = socketOf(userId);
  await b.set(room, after, online);
  await Bun.sleep(GRACE_MS + 200);
  expect(await changes()).toEqual(['joined online']);
  expect(await a.list(room)).toMatchObject([{ userId, connections: 1 }]);
  await b.remove(room, after, 'disconnected');
  await until(async () => (await changes()).length, { atLeast: 2 });
  await Bun.sleep(200);
  expect(await changes()).toEqual(['joined online', 'left offline']);
});

test('presence: members of a killed replica leave when their leases expire, published once', async () => {
  const { room, published, changes } = await newPresenceRoom();
  const [a, b, killed] = [replica(), replica(), replica()];
  const [staying, both] = [socketOf(), socketOf()];
  await a.set(room, staying, online);
  await a.set(room, both, online);
  const lost = Array.from({ length: 150 }, () => socketOf());
  await Promise.all(lost.map((one) => killed.set(room, one, online)));
  await killed.set(room, socketOf(both.userId), online);
  await killed.close();
  await until(async () => (await changes()).length >= 152 + 150);
  const ids = (await b.list(room)).map(({ userId }) => userId);
  expect(ids).toEqual([staying.userId, both.userId].sort());
  const left = (await published()).filter(({ change }) => change === 'left');
  expect(left.map(({ userId }) => userId).sort()).toEqual(lost.map(({ userId }) => userId).sort());
  expect(await changes()).toHaveLength(152 + 150);
});

test('presence: members that Valkey lost are restored by the next renewal', async () => {
  const { room } = await newPresenceRoom();
  const a = replica();
  const socket = socketOf();
  await a.set(room, socket, { ...online, status: 'busy', setAtMs: 1 });
  const names = ['leases', 'states', 'published'].map((name) => `presence:{${room}}:${name}`);
  await valkey.del(...names);
  expect(await a.list(room)).toEqual([]);
  await until(async () => (await a.list(room)).length, { atLeast: 1 });
  expect(await a.list(room)).toMatchObject([{ userId: socket.userId, status: 'busy' }]);
});

test('presence: concurrent changes on two replicas alternate between joined and left', async () => {
  const { room, published } = await newPresenceRoom();
  const replicas = [replica(), replica()];
  const users = Array.from({ length: 10 }, () => newId('usr'));
  await Promise.all(
    users.flatMap((userId) =>
      replicas.map(async (members) => {
        for (let n = 0; n < 15; n++) {
          const socket = socketOf(userId);
          await members.set(room, socket, online);
          await Bun.sleep(Math.random() * 10);
          await members.remove(room, socket, Math.random() < 0.8 ? 'left' : 'disconnected');
        }
      }),
    ),
  );
  await until(async () => (await replicas[0]?.list(room))?.length, { equals: 0 });
  const byUser = Map.groupBy(await published(), ({ userId }) => userId);
  expect(byUser.size).toBe(10);
  for (const events of byUser.values()) {
    const expected = events.map((_, i) => (i % 2 === 0 ? 'joined' : 'left'));
    expect(events.map(({ change }) => change)).toEqual(expected);
    expect(events.length % 2).toBe(0);
  }
});
