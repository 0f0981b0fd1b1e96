import { afterAll, expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { NetworkError } from '@insightdesk/shared/errors';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createChannelLog } from './channel-log.ts';
import { readPublication, TOPIC } from './publication.ts';
import { channelOf, type Room, roomOf } from './room.ts';
import { connectTestValkey, createEntries, createEntry, createTestRoom } from './test-rooms.ts';

const valkey = connectTestValkey('test-log');
const log = createChannelLog(valkey, { historyLength: 2_000, historySeconds: 60 });
const short = createChannelLog(valkey, { historyLength: 10, historySeconds: 3 });
afterAll(() => valkey.quit());

const tenantId = newId('org');
const newRoom = () => createTestRoom(tenantId);
const entry = createEntry;
const entries = createEntries;
const keys = (room: Room) => ['', ':log', ':seen'].map((suffix) => `realtime:{${room}}${suffix}`);
const start = async (room: Room) => {
  const { epoch, offset } = await log.read(room);
  return { epoch, offset };
};

test('read: without a position it returns the current position and no events', async () => {
  const room = newRoom();
  const first = await log.read(room);
  expect(first).toEqual({
    epoch: expect.any(String),
    offset: 0,
    recovered: false,
    bytes: 0,
    events: [],
  });
  expect(await log.read(room)).toEqual(first);
  expect(await log.read(room, first)).toEqual({ ...first, recovered: true });
});

test('append: entries are read back in order, with offsets that rise by one', async () => {
  const room = newRoom();
  const position = await start(room);
  const sent = entries(room, 30);
  const results = await log.append(sent);
  expect(results.map(({ offset }) => offset)).toEqual(sent.map((_, i) => i + 1));
  const snapshot = await log.read(room, { epoch: position.epoch, offset: 10 });
  expect(snapshot).toMatchObject({ epoch: position.epoch, offset: 30, recovered: true });
  expect(snapshot.events).toEqual(
    sent
      .slice(10)
      .map(({ tenantId: _, ...e }, i) => ({ ...e, epoch: position.epoch, offset: 11 + i })),
  );
});

test.each([
  [[]],
  [{}],
  [null],
  ['{"a": 1}\n{'],
  [{ a: [[], {}], n: 0.1 + 0.2, big: 9_007_199_254_740_991, text: 'ä 😀 \u0000' }],
])('append: data %j is read back unchanged', async (data) => {
  const room = newRoom();
  const position = await start(room);
  await log.append([entry(room, data)]);
  expect((await log.read(room, position)).events[0]?.data).toEqual(data as never);
});

test('append: an id is stored once, also twice in one batch and from two concurrent writers', async () => {
  const room = newRoom();
  const position = await start(room);
  const [a, b] = entries(room, 2);
  if (!a || !b) throw new Error('two entries');
  const subscriber = connectTestValkey('t', { role: 'subscriber' });
  const published: string[] = [];
  subscriber.on('message', (_topic: string, text: string) => {
    const publication = readPublication(text, (name) => name === room);
    if (publication) published.push(publication.linked.event.id);
  });
  await subscriber.subscribe(TOPIC);
  await Promise.all([log.append([a, b, a]), log.append([a, b])]);
  const again = await log.append([b, a]);
  expect(again.map(({ offset, isDuplicate }) => [offset, isDuplicate])).toEqual([
    [2, true],
    [1, true],
  ]);
  expect((await log.read(room, position)).events.map(({ id }) => id)).toEqual([a.id, b.id]);
  await subscriber.quit();
  expect(published).toEqual([a.id, b.id]);
});

test('append: an id is stored once in each room', async () => {
  const [one, two] = [newRoom(), newRoom()];
  const event = entry(one);
  const results = await log.append([event, { ...event, channel: channelOf(two) }]);
  expect(results.map(({ offset, isDuplicate }) => [offset, isDuplicate])).toEqual([
    [1, false],
    [1, false],
  ]);
});

test('append: 1,200 entries over three rooms retain their order in each', async () => {
  const rooms = [newRoom(), newRoom(), newRoom()];
  const sent = Array.from({ length: 1_200 }, (_, n) => entry(rooms[n % 3] as Room, { n }));
  const results = await log.append(sent);
  expect(results.map(({ offset }) => offset)).toEqual(sent.map((_, n) => Math.floor(n / 3) + 1));
});

test('history length: the oldest entries are deleted, positions before them are not recovered', async () => {
  const room = newRoom();
  const { epoch } = await start(room);
  await short.append(entries(room, 25));
  expect(await short.read(room, { epoch, offset: 14 })).toMatchObject({
    offset: 25,
    recovered: false,
    events: [],
  });
  const reached = await short.read(room, { epoch, offset: 15 });
  expect(reached.recovered).toBe(true);
  expect(reached.events.map(({ offset }) => offset)).toEqual(
    [...Array(10).keys()].map((i) => 16 + i),
  );
});

test('history age: old entries are deleted by the next append, quiet logs expire, positions stay valid', async () => {
  const room = newRoom();
  const { epoch } = await start(room);
  await short.append(entries(room, 5));
  await Bun.sleep(1_650);
  await short.append(entries(room, 1));
  await Bun.sleep(1_650);
  await short.append(entries(room, 1));
  expect((await short.read(room, { epoch, offset: 4 })).recovered).toBe(false);
  expect((await short.read(room, { epoch, offset: 5 })).events).toHaveLength(2);
  await until(() => valkey.exists(`realtime:{${room}}:log`), { equals: 0 });
  expect(await short.read(room, { epoch, offset: 7 })).toMatchObject({ recovered: true });
  expect(await short.read(room, { epoch, offset: 6 })).toMatchObject({ recovered: false });
  expect((await short.append(entries(room, 1)))[0]).toMatchObject({ epoch, offset: 8 });
});

test('lost data: the log has a new epoch, and old positions are not recovered', async () => {
  const room = newRoom();
  const before = await start(room);
  await log.append(entries(room, 3));
  await valkey.del(keys(room));
  await log.append(entries(room, 5));
  const after = await log.read(room, { ...before, offset: 3 });
  expect(after).toMatchObject({ offset: 5, recovered: false, events: [] });
  expect(after.epoch).not.toBe(before.epoch);
});

test('restart that lost the newest entries: their offsets are not used again', async () => {
  const room = newRoom();
  const { epoch } = await start(room);
  await log.append(entries(room, 8));
  const saved = await Promise.all(keys(room).map((key) => valkey.dumpBuffer(key)));
  await log.append(entries(room, 2));
  for (const [i, key] of keys(room).entries()) {
    await valkey.restore(key, 60_000, saved[i] ?? '', 'REPLACE');
  }
  await valkey.hset(`realtime:{${room}}`, 'run', 'crashed');
  const lost = { epoch, offset: 10 };
  expect(await log.read(room, lost)).toMatchObject({ offset: 8, recovered: false });
  await log.append(entries(room, 3));
  expect(await log.read(room, lost)).toMatchObject({ recovered: false, events: [] });
  const snapshot = await log.read(room, { epoch, offset: 8 });
  const [first = 0, ...others] = snapshot.events.map(({ offset }) => offset);
  expect(first).toBeGreaterThan(1_000_000);
  expect(others).toEqual([first + 1, first + 2]);
  expect(snapshot.recovered).toBe(true);
});

test.each([
  ['another epoch', { epoch: 'made-up', offset: 1 }],
  ['the future', { offset: 99 }],
  ['a huge offset', { offset: Number.MAX_SAFE_INTEGER }],
])('read: a position in %s is not recovered', async (_name, wrong) => {
  const room = newRoom();
  const position = await start(room);
  await log.append(entries(room, 3));
  const snapshot = await log.read(room, { ...position, ...wrong });
  expect(snapshot).toMatchObject({
    epoch: position.epoch,
    offset: 3,
    recovered: false,
    events: [],
  });
});

test('read: more than 500 events or 1 MB are not recovered, while readPage returns all pages', async () => {
  const many = newRoom();
  const large = newRoom();
  const text = 'x'.repeat(100_000);
  for (const [room, sent, max] of [
    [many, entries(many, 501), 500],
    [large, Array.from({ length: 12 }, () => entry(large, text)), 10],
  ] as const) {
    const position = await start(room);
    await log.append(sent);
    const { length } = sent;
    expect(await log.read(room, position)).toMatchObject({ offset: length, recovered: false });
    const nearer = { ...position, offset: length - 9 };
    expect((await log.read(room, nearer)).events).toHaveLength(9);
    const first = await log.readPage(room, position);
    expect(first).toMatchObject({ recovered: true, hasMore: true });
    expect(first.events.length).toBeLessThanOrEqual(max);
    const rest = await log.readPage(room, first);
    expect(rest).toMatchObject({ offset: length, hasMore: false });
    expect(first.events.length + rest.events.length).toBe(length);
  }
});

test('append: one failing room rejects, the others are stored, and a repetition completes it', async () => {
  const [good, bad] = [newRoom(), newRoom()];
  await valkey.set(`realtime:{${bad}}:log`, 'not a stream');
  const sent = [...entries(good, 2), ...entries(bad, 2)];
  await valkey.hset(`realtime:{${bad}}`, 'epoch', 'e', 'offset', '0');
  const failure = await log.append(sent).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NetworkError);
  expect(String((failure as Error).cause)).toContain('Aggregate');
  await valkey.del(keys(bad));
  const results = await log.append(sent);
  expect(results.map(({ isDuplicate }) => isDuplicate)).toEqual([true, true, false, false]);
});

test('append: the number of known ids is bounded like the log', async () => {
  const room = newRoom();
  await short.append(entries(room, 30));
  expect(await valkey.zcard(`realtime:{${room}}:seen`)).toBe(10);
  expect(await valkey.pttl(`realtime:{${room}}`)).toBeGreaterThan(6 * 24 * 3_600_000);
});

test('append: a channel of the same name in another organization is another log', async () => {
  const channel = Channels.userPrivate(newId('usr'));
  const [here, there] = [newId('org'), newId('org')];
  const positions = [await start(roomOf(here, channel)), await start(roomOf(there, channel))];
  expect(positions[0]?.epoch).not.toBe(positions[1]?.epoch);
  const event = entry(roomOf(here, channel));
  await log.append([
    { ...event, tenantId: here },
    { ...event, tenantId: there, data: 'theirs' },
  ]);
  const stored = await Promise.all(
    [here, there].map((org, i) => log.read(roomOf(org, channel), positions[i])),
  );
  expect(stored.map(({ events }) => events.map(({ channel, data }) => [channel, data]))).toEqual([
    [[channel, {}]],
    [[channel, 'theirs']],
  ]);
});
