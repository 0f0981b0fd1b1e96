import { afterAll, beforeEach, expect, test } from 'bun:test';
import { NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createChannelLog } from './channel-log.ts';
import { createChannelRebuild } from './channel-rebuild.ts';
import { RESTORED_KEY } from './channel-scripts.ts';
import { TOPIC } from './publication.ts';
import { type Room, roomOf } from './room.ts';
import { connectTestValkey, createEntries, createTestRoom } from './test-rooms.ts';

// A database of its own, without other rebuilds.
const valkey = connectTestValkey('test-rebuild', { database: '5' });
const history = { historyLength: 20, historySeconds: 60 };
const log = createChannelLog(valkey, history);
const logs = createChannelRebuild(valkey, history);

beforeEach(async () => {
  await valkey.flushdb();
  await logs.rebuild([]);
});
afterAll(async () => {
  await valkey.flushdb();
  await valkey.quit();
});

const tenantId = newId('org');
const newRoom = () => createTestRoom(tenantId);
const entries = createEntries;

/** Appends, and returns the entries with their positions, as the outbox stores them. */
async function append(room: Room, count: number) {
  const sent = entries(room, count);
  const results = await log.append(sent);
  return sent.map((entry, i) => {
    const { epoch = '', offset = 0 } = results[i] ?? {};
    return { ...entry, epoch, offset };
  });
}

const idsAfter = async (room: Room, position: { epoch: string; offset: number }) => {
  const { recovered, events } = await log.read(room, position);
  return recovered ? events.map(({ id }) => id) : 'gap';
};

test('lost logs: no channel starts over before the rebuild, except presence', async () => {
  await valkey.flushdb();
  expect(await logs.isComplete()).toBe(false);
  const room = newRoom();
  await expect(log.read(room)).rejects.toThrow(UnavailableError);
  await expect(log.append(entries(room, 1))).rejects.toThrow(NetworkError);
  const presence = roomOf(tenantId, `presence-organization-${tenantId}`);
  expect((await log.read(presence)).offset).toBe(0);
  await logs.rebuild([]);
  expect(await logs.isComplete()).toBe(true);
  expect((await log.read(room)).offset).toBe(0);
});

test('rebuild: positions stay valid, entries are read in order, ids stay known', async () => {
  const room = newRoom();
  const entriesBefore = await append(room, 6);
  const positions = entriesBefore.map(({ epoch, offset }) => ({ epoch, offset }));
  await valkey.flushdb();
  expect(await logs.rebuild(entriesBefore.toReversed())).toBe(1);
  const ids = entriesBefore.map(({ id }) => id);
  for (const [i, position] of positions.entries()) {
    expect(await idsAfter(room, position)).toEqual(ids.slice(i + 1));
  }
  const again = await log.append(entriesBefore);
  expect(again.every(({ isDuplicate }) => isDuplicate)).toBe(true);

  const [next] = await append(room, 1);
  expect(await idsAfter(room, positions[2] as never)).toEqual([...ids.slice(3), next?.id as never]);
});

test('rebuild: a position after an entry that was not restored is a gap, also when it is appended again', async () => {
  const room = newRoom();
  const all = await append(room, 3);
  const [, second, third] = all;
  await valkey.flushdb();
  await logs.rebuild(all.slice(0, 2));
  expect(await idsAfter(room, third as never)).toBe('gap');
  const [other] = await append(room, 1);
  await log.append([third as never]);
  expect(await idsAfter(room, third as never)).toBe('gap');
  expect(await idsAfter(room, second as never)).toEqual([other?.id, third?.id] as never);
});

test('rebuild: offsets used after one loss are not used again after the next', async () => {
  const room = newRoom();
  const [first] = await append(room, 1);
  const offsets = new Set<number>();
  for (let loss = 0; loss < 5; loss++) {
    await valkey.flushdb();
    await logs.rebuild([first as never]);
    const [lost] = await append(room, 1);
    offsets.add(lost?.offset ?? 0);
  }
  expect(offsets.size).toBe(5);
});

test('rebuild: a missing entry is a gap for the positions before it only', async () => {
  const room = newRoom();
  const entriesBefore = await append(room, 5);
  await valkey.flushdb();
  await logs.rebuild(entriesBefore.toSpliced(2, 1));
  expect(await idsAfter(room, entriesBefore[1] as never)).toBe('gap');
  expect(await idsAfter(room, entriesBefore[2] as never)).toHaveLength(2);
});

test('rebuild: a channel with two epochs, or a known one, is not changed', async () => {
  const [mixed, known] = [newRoom(), newRoom()];
  const entriesBefore = await append(mixed, 2);
  await valkey.del(`realtime:{${mixed}}`);
  entriesBefore.push(...(await append(mixed, 1)));
  const before = await append(known, 1);
  await valkey.del(RESTORED_KEY, `realtime:{${mixed}}`);
  expect(await logs.rebuild([...entriesBefore, ...before])).toBe(0);
  expect(await idsAfter(mixed, entriesBefore[0] as never)).toBe('gap');
  expect(await idsAfter(known, before[0] as never)).toEqual([]);
});

/** Simulates a restart that lost what `lose` appended, and not what `store` did. */
async function loseNewest(room: Room, store: () => Promise<unknown>, lose: () => Promise<unknown>) {
  await store();
  const keys = ['', ':log', ':seen'].map((part) => `realtime:{${room}}${part}`);
  const dumps = await Promise.all(keys.map((key) => valkey.dumpBuffer(key)));
  await lose();
  for (const [i, key] of keys.entries()) {
    await valkey.restore(key, 0, dumps[i] as Buffer, 'REPLACE');
  }
  await valkey.hset(`realtime:{${room}}`, 'run', 'before');
  await valkey.set(RESTORED_KEY, 'before');
}

test('restart: the newest entries are restored before anything is appended', async () => {
  const room = newRoom();
  const all: Awaited<ReturnType<typeof append>> = [];
  const add = (count: number) => async () => all.push(...(await append(room, count)));
  await loseNewest(room, add(3), add(2));
  expect(await logs.isComplete()).toBe(false);
  await expect(append(room, 1)).rejects.toThrow(NetworkError);
  // A position after them waits for the rebuild; one before them is valid.
  await expect(log.read(room, all[4])).rejects.toThrow(UnavailableError);
  expect(await idsAfter(room, all[2] as never)).toEqual([]);
  expect(await logs.rebuild(all.toReversed())).toBe(1);
  expect(await logs.isComplete()).toBe(true);
  expect(await logs.rebuild(all)).toBe(0);
  const [next] = await append(room, 1);
  const ids = [...all, next].map((entry) => entry?.id ?? '');
  for (const [i, position] of all.entries()) {
    expect(await idsAfter(room, position)).toEqual(ids.slice(i + 1) as never);
  }
  expect((await log.append(all)).every(({ isDuplicate }) => isDuplicate)).toBe(true);
});

test('restart: restored entries are published', async () => {
  const room = newRoom();
  const all: Awaited<ReturnType<typeof append>> = [];
  const add = (count: number) => async () => all.push(...(await append(room, count)));
  await loseNewest(room, add(1), add(2));
  const subscriber = valkey.duplicate();
  const messages: string[] = [];
  subscriber.on('message', (_topic: string, text: string) => messages.push(text));
  await subscriber.subscribe(TOPIC);
  await logs.rebuild(all);
  await until(() => messages.length, { equals: 2 });
  await subscriber.quit();
  const { epoch, offset } = all[0] as { epoch: string; offset: number };
  expect(messages.map((text) => text.split(' ', 4))).toEqual([
    [room, epoch, `${offset}`, `${offset + 1}`],
    [room, epoch, `${offset + 1}`, `${offset + 2}`],
  ]);
});

test('rebuild: a channel that has started over is not changed', async () => {
  const room = newRoom();
  const entriesBefore = await append(room, 2);
  await valkey.del(`realtime:{${room}}`);
  expect((await log.read(room)).epoch).not.toBe(entriesBefore[0]?.epoch as string);
  await valkey.set(RESTORED_KEY, 'before');
  expect(await logs.rebuild(entriesBefore)).toBe(0);
  expect(await idsAfter(room, entriesBefore[0] as never)).toBe('gap');
});

test('rebuild: no more entries are restored than a log may hold', async () => {
  const room = newRoom();
  const entriesBefore = [...(await append(room, 15)), ...(await append(room, 15))];
  await valkey.flushdb();
  await logs.rebuild(entriesBefore);
  expect(await idsAfter(room, entriesBefore[8] as never)).toBe('gap');
  expect(await idsAfter(room, entriesBefore[9] as never)).toHaveLength(20);
});
