import { afterAll, beforeEach, expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { createChannelLog } from './channel-log.ts';
import { createChannelRefill } from './channel-refill.ts';
import { FILLED_KEY } from './channel-scripts.ts';
import { TOPIC } from './publication.ts';
import { channelOf, type Room, roomOf } from './room.ts';

// A database of its own, in which nobody else refills.
const url = new URL(Bun.env.VALKEY_URL ?? 'valkey://127.0.0.1:6379');
url.pathname = '/5';
const valkey = createValkey(url.href, {
  name: 'test-refill',
  role: 'command',
  onError: console.error,
});
const history = { historyLength: 20, historySeconds: 60 };
const log = createChannelLog(valkey, history);
const refill = createChannelRefill(valkey, history);

beforeEach(async () => {
  await valkey.flushdb();
  await refill.refill([]);
});
afterAll(async () => {
  await valkey.flushdb();
  await valkey.quit();
});

const tenantId = newId('org');
const newRoom = () => roomOf(tenantId, Channels.conversation(newId('cnv')));
const entries = (room: Room, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    tenantId,
    channel: channelOf(room),
    id: newId('evt'),
    type: 'message.created',
    data: { n },
    at: new Date().toISOString(),
  }));

/** Appends, and gives the entries with their places, as the outbox keeps them. */
async function append(room: Room, count: number) {
  const sent = entries(room, count);
  const places = await log.append(sent);
  return sent.map((entry, i) => {
    const { epoch = '', offset = 0 } = places[i] ?? {};
    return { ...entry, epoch, offset };
  });
}

const idsAfter = async (room: Room, position: { epoch: string; offset: number }) => {
  const { recovered, events } = await log.read(room, position);
  return recovered ? events.map(({ id }) => id) : 'gap';
};

test('while the logs are lost nothing begins anew, but presence', async () => {
  await valkey.flushdb();
  expect(await refill.isFilled()).toBe(false);
  const room = newRoom();
  await expect(log.read(room)).rejects.toThrow(UnavailableError);
  await expect(log.append(entries(room, 1))).rejects.toThrow(NetworkError);
  const presence = roomOf(tenantId, `presence-organization-${tenantId}`);
  expect((await log.read(presence)).offset).toBe(0);
  await refill.refill([]);
  expect(await refill.isFilled()).toBe(true);
  expect((await log.read(room)).offset).toBe(0);
});

test('positions stay good, entries come back in order, known ids stay known', async () => {
  const room = newRoom();
  const kept = await append(room, 6);
  const positions = kept.map(({ epoch, offset }) => ({ epoch, offset }));
  await valkey.flushdb();
  expect(await refill.refill(kept.toReversed())).toBe(1);
  const ids = kept.map(({ id }) => id);
  for (const [i, position] of positions.entries()) {
    expect(await idsAfter(room, position)).toEqual(ids.slice(i + 1));
  }
  const again = await log.append(kept);
  expect(again.every(({ isKnown }) => isKnown)).toBe(true);

  const [next] = await append(room, 1);
  expect(await idsAfter(room, positions[2] as never)).toEqual([...ids.slice(3), next?.id as never]);
});

test('whoever had seen what was not kept is told of a gap, also after it comes again', async () => {
  const room = newRoom();
  const all = await append(room, 3);
  const [, second, third] = all;
  await valkey.flushdb();
  await refill.refill(all.slice(0, 2));
  expect(await idsAfter(room, third as never)).toBe('gap');
  const [other] = await append(room, 1);
  await log.append([third as never]);
  expect(await idsAfter(room, third as never)).toBe('gap');
  expect(await idsAfter(room, second as never)).toEqual([other?.id, third?.id] as never);
});

test('offsets that were given after one loss are not given again after the next', async () => {
  const room = newRoom();
  const [first] = await append(room, 1);
  const offsets = new Set<number>();
  for (let loss = 0; loss < 5; loss++) {
    await valkey.flushdb();
    await refill.refill([first as never]);
    const [unkept] = await append(room, 1);
    offsets.add(unkept?.offset ?? 0);
  }
  expect(offsets.size).toBe(5);
});

test('a hole in what was kept is a gap for those before it only', async () => {
  const room = newRoom();
  const kept = await append(room, 5);
  await valkey.flushdb();
  await refill.refill(kept.toSpliced(2, 1));
  expect(await idsAfter(room, kept[1] as never)).toBe('gap');
  expect(await idsAfter(room, kept[2] as never)).toHaveLength(2);
});

test('a channel with two epochs, or one that is known, is left alone', async () => {
  const [mixed, known] = [newRoom(), newRoom()];
  const kept = await append(mixed, 2);
  await valkey.del(`realtime:{${mixed}}`);
  kept.push(...(await append(mixed, 1)));
  const before = await append(known, 1);
  await valkey.del(FILLED_KEY, `realtime:{${mixed}}`);
  expect(await refill.refill([...kept, ...before])).toBe(0);
  expect(await idsAfter(mixed, kept[0] as never)).toBe('gap');
  expect(await idsAfter(known, before[0] as never)).toEqual([]);
});

/** As a server is that restarted without the newest: `keep` is done before these came. */
async function loseNewest(room: Room, keep: () => Promise<unknown>, lose: () => Promise<unknown>) {
  await keep();
  const keys = ['', ':log', ':seen'].map((part) => `realtime:{${room}}${part}`);
  const kept = await Promise.all(keys.map((key) => valkey.dumpBuffer(key)));
  await lose();
  for (const [i, key] of keys.entries()) {
    await valkey.restore(key, 0, kept[i] as Buffer, 'REPLACE');
  }
  await valkey.hset(`realtime:{${room}}`, 'run', 'before');
  await valkey.set(FILLED_KEY, 'before');
}

test('the newest that a restarted server has lost come back before anything else', async () => {
  const room = newRoom();
  const all: Awaited<ReturnType<typeof append>> = [];
  const add = (count: number) => async () => all.push(...(await append(room, count)));
  await loseNewest(room, add(3), add(2));
  expect(await refill.isFilled()).toBe(false);
  await expect(append(room, 1)).rejects.toThrow(NetworkError);
  // Who has heard of them need not refetch; who has not, may come.
  await expect(log.read(room, all[4])).rejects.toThrow(UnavailableError);
  expect(await idsAfter(room, all[2] as never)).toEqual([]);
  expect(await refill.refill(all.toReversed())).toBe(1);
  expect(await refill.isFilled()).toBe(true);
  expect(await refill.refill(all)).toBe(0);
  const [next] = await append(room, 1);
  const ids = [...all, next].map((entry) => entry?.id ?? '');
  for (const [i, position] of all.entries()) {
    expect(await idsAfter(room, position)).toEqual(ids.slice(i + 1) as never);
  }
  expect((await log.append(all)).every(({ isKnown }) => isKnown)).toBe(true);
});

test('those who are connected hear of the newest that come back', async () => {
  const room = newRoom();
  const all: Awaited<ReturnType<typeof append>> = [];
  const add = (count: number) => async () => all.push(...(await append(room, count)));
  await loseNewest(room, add(1), add(2));
  const subscriber = valkey.duplicate();
  const heard: string[] = [];
  subscriber.on('message', (_topic: string, text: string) => heard.push(text));
  await subscriber.subscribe(TOPIC);
  await refill.refill(all);
  while (heard.length < 2) await Bun.sleep(5);
  await subscriber.quit();
  const { epoch, offset } = all[0] as { epoch: string; offset: number };
  expect(heard.map((text) => text.split(' ', 4))).toEqual([
    [room, epoch, `${offset}`, `${offset + 1}`],
    [room, epoch, `${offset + 1}`, `${offset + 2}`],
  ]);
});

test('a channel that began anew meanwhile is left alone', async () => {
  const room = newRoom();
  const kept = await append(room, 2);
  await valkey.del(`realtime:{${room}}`);
  expect((await log.read(room)).epoch).not.toBe(kept[0]?.epoch as string);
  await valkey.set(FILLED_KEY, 'before');
  expect(await refill.refill(kept)).toBe(0);
  expect(await idsAfter(room, kept[0] as never)).toBe('gap');
});

test('no more comes back than a log holds', async () => {
  const room = newRoom();
  const kept = [...(await append(room, 15)), ...(await append(room, 15))];
  await valkey.flushdb();
  await refill.refill(kept);
  expect(await idsAfter(room, kept[8] as never)).toBe('gap');
  expect(await idsAfter(room, kept[9] as never)).toHaveLength(20);
});
