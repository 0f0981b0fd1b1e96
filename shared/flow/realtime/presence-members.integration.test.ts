import { afterAll, afterEach, expect, test } from 'bun:test';
import { Channels, type PresenceChange } from '@insightdesk/shared/contract';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { createChannelLog } from './channel-log.ts';
import { createPresenceMembers, type PresenceState } from './presence-members.ts';
import { channelOf, roomOf } from './room.ts';

const url = Bun.env.VALKEY_URL ?? 'valkey://127.0.0.1:6379';
const valkey = createValkey(url, { name: 'test-members', role: 'command', onError: () => {} });
const history = { historyLength: 1_000, historySeconds: 60 };
const log = createChannelLog(valkey, history);
/** Longer than a busy machine takes from one line of a test to the next. */
const GRACE_MS = 1_500;
const errors: unknown[] = [];
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const replica of open.splice(0)) await replica.close();
  expect(errors.splice(0)).toEqual([]);
});
afterAll(() => valkey.quit());

function replica(overrides = {}) {
  const times = { leaseMs: 3_000, renewMs: 300, graceMs: GRACE_MS, sweepMs: 50 };
  const onError = (error: unknown) => errors.push(error);
  const members = createPresenceMembers(valkey, { ...history, ...times, onError, ...overrides });
  members.start();
  open.push(members);
  return members;
}

const online: PresenceState = { status: 'online', metadata: null, setAtMs: 0 };
const socketOf = (userId = newId('usr')) => ({ userId, socketId: crypto.randomUUID() });

/** A room and what was told in it. */
async function stage() {
  const tenantId = newId('org');
  const room = roomOf(tenantId, Channels.organizationPresence(tenantId));
  const start = await log.read(room);
  const told = async () => {
    const { events } = await log.read(room, start);
    expect(events.every(({ type }) => type === 'presence.changed')).toBe(true);
    expect(events.every(({ channel }) => channel === channelOf(room))).toBe(true);
    return events.map(({ data }) => data as PresenceChange);
  };
  const changes = async () => (await told()).map(({ change, status }) => `${change} ${status}`);
  return { room, told, changes };
}

test('several devices, two replicas: joined once, left once, the newest status counts', async () => {
  const { room, told, changes } = await stage();
  const [a, b] = [replica(), replica()];
  const userId = newId('usr');
  const [phone, desk] = [socketOf(userId), socketOf(userId)];
  await a.hold(room, phone, online);
  await b.hold(room, desk, online);
  expect(await a.list(room)).toEqual([
    { userId, status: 'online', metadata: null, connections: 2 },
  ]);
  const away = { status: 'away', metadata: { empty: [], text: 'a|"ü' }, setAtMs: Date.now() };
  await b.hold(room, desk, away);
  const { status, metadata } = away;
  expect(await a.list(room)).toEqual([{ userId, status, metadata, connections: 2 }]);
  await b.release(room, desk, 'left');
  await a.release(room, phone, 'left');
  await a.release(room, phone, 'left');
  expect(await b.list(room)).toEqual([]);
  expect(await changes()).toEqual([
    'joined online',
    'changed away',
    'changed online',
    'left offline',
  ]);
  expect((await told())[1]).toEqual({
    userId,
    status,
    metadata,
    connections: 2,
    change: 'changed',
    lastSeenAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
});

test('who comes back within the grace was never away; who does not has left, told once', async () => {
  const { room, changes } = await stage();
  const [a, b] = [replica(), replica()];
  const userId = newId('usr');
  const before = socketOf(userId);
  await a.hold(room, before, online);
  await a.release(room, before, 'lost');
  expect(await b.list(room)).toMatchObject([{ userId, connections: 0 }]);
  const after = socketOf(userId);
  await b.hold(room, after, online);
  await Bun.sleep(GRACE_MS + 200);
  expect(await changes()).toEqual(['joined online']);
  expect(await a.list(room)).toMatchObject([{ userId, connections: 1 }]);
  await b.release(room, after, 'lost');
  await until(async () => (await changes()).length > 1);
  await Bun.sleep(200);
  expect(await changes()).toEqual(['joined online', 'left offline']);
});

test('a killed replica: its members leave with their leases, told once by those that live', async () => {
  const { room, told, changes } = await stage();
  const [a, b, killed] = [replica(), replica(), replica()];
  const [staying, both] = [socketOf(), socketOf()];
  await a.hold(room, staying, online);
  await a.hold(room, both, online);
  const lost = Array.from({ length: 150 }, () => socketOf());
  await Promise.all(lost.map((one) => killed.hold(room, one, online)));
  await killed.hold(room, socketOf(both.userId), online);
  await killed.close();
  await until(async () => (await changes()).length >= 152 + 150);
  const ids = (await b.list(room)).map(({ userId }) => userId);
  expect(ids).toEqual([staying.userId, both.userId].sort());
  const left = (await told()).filter(({ change }) => change === 'left');
  expect(left.map(({ userId }) => userId).sort()).toEqual(lost.map(({ userId }) => userId).sort());
  expect(await changes()).toHaveLength(152 + 150);
});

test('what Valkey lost is put back by the next renewal', async () => {
  const { room } = await stage();
  const a = replica();
  const who = socketOf();
  await a.hold(room, who, { ...online, status: 'busy', setAtMs: 1 });
  const names = ['leases', 'states', 'told'].map((name) => `presence:{${room}}:${name}`);
  await valkey.del(...names);
  expect(await a.list(room)).toEqual([]);
  await until(async () => (await a.list(room)).length > 0);
  expect(await a.list(room)).toMatchObject([{ userId: who.userId, status: 'busy' }]);
});

test('race: users come and go on two replicas; joined and left alternate and end in agreement', async () => {
  const { room, told } = await stage();
  const replicas = [replica(), replica()];
  const users = Array.from({ length: 10 }, () => newId('usr'));
  await Promise.all(
    users.flatMap((userId) =>
      replicas.map(async (members) => {
        for (let n = 0; n < 15; n++) {
          const socket = socketOf(userId);
          await members.hold(room, socket, online);
          await Bun.sleep(Math.random() * 10);
          await members.release(room, socket, Math.random() < 0.8 ? 'left' : 'lost');
        }
      }),
    ),
  );
  await until(async () => (await replicas[0]?.list(room))?.length === 0);
  const byUser = Map.groupBy(await told(), ({ userId }) => userId);
  expect(byUser.size).toBe(10);
  for (const events of byUser.values()) {
    const expected = events.map((_, i) => (i % 2 === 0 ? 'joined' : 'left'));
    expect(events.map(({ change }) => change)).toEqual(expected);
    expect(events.length % 2).toBe(0);
  }
});
