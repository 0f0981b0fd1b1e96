import { afterEach, expect, test } from 'bun:test';
import type { ChannelEvent, Position } from '@insightdesk/shared/contract';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { Valkey, ValkeyOptions } from '@insightdesk/shared/valkey';
import { createChannelHub } from './channel-hub.ts';
import { createChannelLog } from './channel-log.ts';
import { TOPIC } from './publication.ts';
import { type Room, roomOf } from './room.ts';
import { connectTestValkey, createEntries, createTestRoom } from './test-rooms.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function connect(role: ValkeyOptions['role']) {
  const valkey = connectTestValkey('test-hub', { role });
  closing.push(() => valkey.disconnect());
  return valkey;
}

const history = { historyLength: 50_000, historySeconds: 60 };
const tenantId = newId('org');
const newRoom = () => createTestRoom(tenantId);
const entries = createEntries;

async function killSubscribers(command: Valkey, share: number) {
  const clients = String(await command.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  for (const [, id, name] of clients.matchAll(/^id=(\d+) .*? name=(\S*)/gm)) {
    if (name !== 'test-hub' || Math.random() >= share) continue;
    await command.call('CLIENT', 'KILL', 'ID', String(id));
  }
}

/** A replica without sockets: every member is an array of events. */
async function replica() {
  const subscriber = connect('subscriber');
  const rooms = new Map<Room, Map<string, ChannelEvent[]>>();
  const resyncs: string[] = [];
  let reads = 0;
  const log = createChannelLog(connect('command'), history);
  const inboxesOf = (room: Room) => rooms.get(room) ?? new Map<string, ChannelEvent[]>();
  const hub = createChannelHub({
    subscriber,
    log: {
      ...log,
      read(...args) {
        reads++;
        return log.read(...args);
      },
    },
    onError: () => {},
    pingMs: 1_000,
    emit: {
      event(room, { event }, except) {
        for (const [id, inbox] of inboxesOf(room)) if (!except.includes(id)) inbox.push(event);
      },
      resync(room) {
        resyncs.push(room);
        rooms.delete(room);
      },
    },
  });
  await hub.start();
  closing.push(() => hub.close());
  async function join(room: Room, after?: Position) {
    const id = crypto.randomUUID();
    const inbox: ChannelEvent[] = [];
    let position: Position = { epoch: '', offset: -1 };
    let recovered = false;
    await hub.join(room, id, after, (snapshot, later) => {
      position = snapshot;
      recovered = snapshot.recovered;
      inbox.push(...snapshot.events, ...later);
      rooms.set(room, inboxesOf(room).set(id, inbox));
    });
    const leave = () => {
      rooms.get(room)?.delete(id);
      hub.leave(room, id);
      const last = inbox.at(-1);
      return last ? { epoch: last.epoch, offset: last.offset } : position;
    };
    return { id, inbox, position, recovered, leave };
  }
  return { hub, subscriber, resyncs, join, reads: () => reads };
}

const offsets = (events: ChannelEvent[]) => events.map(({ offset }) => offset);
const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

test('hub: members on two replicas get every event once, in order', async () => {
  const [a, b] = [await replica(), await replica()];
  const room = newRoom();
  const members = [await a.join(room), await a.join(room), await b.join(room)];
  const log = createChannelLog(connect('command'), history);
  const sent = entries(room, 300);
  await log.append(sent);
  await log.append(sent.slice(100));
  await until(() => members.every(({ inbox }) => inbox.length >= 300));
  for (const { inbox } of members) expect(inbox.map(({ id }) => id)).toEqual(sent.map((e) => e.id));
  expect(a.hub.stats()).toMatchObject({ delivered: 600, resyncs: 0, channels: 1 });
});

test('hub: a member that resumes gets exactly the missed events', async () => {
  const [a, b] = [await replica(), await replica()];
  const room = newRoom();
  const log = createChannelLog(connect('command'), history);
  const first = await a.join(room);
  await log.append(entries(room, 2));
  await until(() => first.inbox.length, { equals: 2 });
  const position = first.leave();
  expect(a.hub.stats().channels).toBe(0);
  const missed = entries(room, 3);
  await log.append(missed);
  const resumed = await b.join(room, position);
  expect(resumed.recovered).toBe(true);
  expect(resumed.inbox.map(({ id }) => id)).toEqual(missed.map(({ id }) => id));
});

test('hub: a member without a position starts at the room, without a read soon after one', async () => {
  const a = await replica();
  const room = newRoom();
  const log = createChannelLog(connect('command'), history);
  const members = [await a.join(room)];
  for (let n = 1; n <= 20; n++) {
    await log.append(entries(room, 1));
    members.push(await a.join(room));
  }
  expect(a.reads()).toBeLessThan(members.length);
  await until(() => members.every(({ inbox, position }) => inbox.length === 20 - position.offset));
  for (const { inbox, position, recovered } of members) {
    expect(recovered).toBe(false);
    expect(offsets(inbox)).toEqual(range(position.offset + 1, 20));
  }
});

test('hub: events published during a lost subscriber connection are delivered', async () => {
  const a = await replica();
  const command = connect('command');
  const log = createChannelLog(command, history);
  const room = newRoom();
  const member = await a.join(room);
  await log.append(entries(room, 1));
  for (let round = 1; round <= 3; round++) {
    await killSubscribers(command, 1);
    await log.append(entries(room, 40));
    await until(() => member.inbox.length >= 1 + 40 * round);
  }
  expect(offsets(member.inbox)).toEqual(range(1, 121));
  expect(a.hub.stats().catchUps).toBeGreaterThan(0);
});

test('hub: lost publications are read from the log, more than one page', async () => {
  const a = await replica();
  const log = createChannelLog(connect('command'), history);
  const room = newRoom();
  const member = await a.join(room);
  await a.subscriber.unsubscribe(TOPIC);
  await log.append(entries(room, 1_300));
  await a.subscriber.subscribe(TOPIC);
  expect(member.inbox).toEqual([]);
  await log.append(entries(room, 1));
  await until(() => member.inbox.length, { atLeast: 1_301 });
  expect(offsets(member.inbox)).toEqual(range(1, 1_301));
});

test('hub: a lost log resyncs the room, and members of the new log get its events', async () => {
  const a = await replica();
  const command = connect('command');
  const log = createChannelLog(command, history);
  const room = newRoom();
  const member = await a.join(room);
  await log.append(entries(room, 5));
  await until(() => member.inbox.length, { equals: 5 });
  await command.del(...['', ':log', ':seen'].map((suffix) => `realtime:{${room}}${suffix}`));
  const [fresh] = await log.append(entries(room, 2));
  await until(() => a.resyncs.length, { equals: 1 });
  expect(member.inbox).toHaveLength(5);
  const again = await a.join(room, member.leave());
  expect(again).toMatchObject({ recovered: false, position: { epoch: fresh?.epoch, offset: 2 } });
  await log.append(entries(room, 1));
  await until(() => again.inbox.length, { equals: 1 });
  expect(offsets(again.inbox)).toEqual([3]);
});

test('hub: leaving while joining is a conflict and leaves no channel behind', async () => {
  const a = await replica();
  const room = newRoom();
  const joining = a.hub.join(room, 'me', undefined, () => {
    throw new Error('admitted');
  });
  a.hub.leave(room, 'me');
  await expect(joining).rejects.toThrow('unsubscribed meanwhile');
  expect(a.hub.stats().channels).toBe(0);
});

test('hub: members that join, leave and resume during lost connections get every event once', async () => {
  const replicas = [await replica(), await replica()];
  const command = connect('command');
  const log = createChannelLog(command, history);
  const rooms = [newRoom(), newRoom(), newRoom()];
  let isOver = false;
  const appended = new Map<Room, number>();

  const writer = async () => {
    const isDone = () => visits > 1_000 && (replicas[0]?.hub.stats().catchUps ?? 0) > 0;
    while (!isOver && !isDone()) {
      const batch = rooms.flatMap((room) => entries(room, 1 + Math.floor(Math.random() * 5)));
      for (const { channel, offset } of (await log.append(batch)).map((result, i) => ({
        ...result,
        channel: batch[i]?.channel ?? '',
      }))) {
        appended.set(roomOf(tenantId, channel), offset);
      }
    }
    isOver = true;
  };
  const killer = async () => {
    while (!isOver) {
      await Bun.sleep(300);
      await killSubscribers(command, 0.5);
    }
  };
  let visits = 0;
  const visitor = async (n: number) => {
    const room = rooms[n % rooms.length] as Room;
    const seen: ChannelEvent[] = [];
    let position: Position | undefined;
    let from = 0;
    while (!isOver) {
      const member = await (replicas[visits++ % 2] as (typeof replicas)[0]).join(room, position);
      if (position && !member.recovered) throw new Error('a position was not recovered');
      if (!position) from = member.position.offset;
      await Bun.sleep(Math.random() * 20);
      position = member.leave();
      seen.push(...member.inbox);
    }
    await Bun.sleep(100);
    const last = await (replicas[n % 2] as (typeof replicas)[0]).join(room, position);
    seen.push(...last.inbox);
    last.leave();
    expect(offsets(seen)).toEqual(range(from + 1, appended.get(room) ?? 0));
  };
  const staying = await Promise.all(
    rooms.flatMap((room) => replicas.map(({ join }) => join(room))),
  );
  const visitors = Array.from({ length: 12 }, (_, n) => visitor(n));
  await Promise.all([writer(), killer(), ...visitors]).finally(() => {
    isOver = true;
  });
  for (const [i, { inbox, position }] of staying.entries()) {
    const end = appended.get(rooms[Math.floor(i / 2)] as Room) ?? 0;
    await until(() => inbox.at(-1)?.offset === end);
    expect(offsets(inbox)).toEqual(range(position.offset + 1, end));
  }
});
