import { afterAll, expect, test } from 'bun:test';
import { Channels, type Id } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { createChannelLog, heldBytes } from './channel-log.ts';
import { channelOf, type Room, roomOf } from './room.ts';

const url = Bun.env.VALKEY_URL ?? 'valkey://127.0.0.1:6379';
const valkey = createValkey(url, { name: 'test-bytes', role: 'command', onError: console.error });
afterAll(() => valkey.quit());

const BUDGET = 100_000;
const history = { historyLength: 1_000, historySeconds: 60 };
const log = createChannelLog(valkey, {
  ...history,
  historyBytes: 50_000,
  budgetOf: () => BUDGET,
});
const newRoom = (tenantId: Id<'org'>) => roomOf(tenantId, Channels.conversation(newId('cnv')));
const entry = (room: Room, data: unknown) => ({
  tenantId: room.split('/')[0] as Id<'org'>,
  channel: channelOf(room),
  id: newId('evt'),
  type: 'message.created',
  data,
  at: new Date().toISOString(),
});
const fill = (room: Room, count: number, size: number, text = 'x') =>
  log.append(Array.from({ length: count }, () => entry(room, text.repeat(size))));
const held = async (tenantId: Id<'org'>) => (await heldBytes(valkey, [tenantId]))[0] as number;
const stored = async (room: Room) => {
  const entries = await valkey.xrange(`realtime:{${room}}:log`, '-', '+');
  return entries.reduce((sum, [, fields]) => sum + Buffer.byteLength(fields[5] ?? '') + 256, 0);
};

test('a channel holds so many bytes: the oldest go, whoever is behind them is told', async () => {
  const tenantId = newId('org');
  const room = newRoom(tenantId);
  const { epoch } = await log.read(room);
  await fill(room, 20, 5_000);
  const bytes = await stored(room);
  expect(bytes).toBeLessThanOrEqual(50_000);
  expect(bytes).toBeGreaterThan(44_000);
  expect(await held(tenantId)).toBe(bytes);
  expect(await log.read(room, { epoch, offset: 5 })).toMatchObject({ recovered: false });
  const { recovered, events } = await log.read(room, { epoch, offset: 12 });
  expect([recovered, events.length]).toEqual([true, 8]);
});

test('bytes are counted as they are stored: control characters are six', async () => {
  const tenantId = newId('org');
  const room = newRoom(tenantId);
  await fill(room, 10, 2_000, '\u0001');
  expect(await stored(room)).toBeGreaterThan(30_000);
  expect(await held(tenantId)).toBe(await stored(room));
  expect(await valkey.xlen(`realtime:{${room}}:log`)).toBeLessThan(5);
});

test('what is too large is told now and to be fetched later', async () => {
  const tenantId = newId('org');
  const room = newRoom(tenantId);
  const { epoch } = await log.read(room);
  await fill(room, 3, 100);
  expect(await fill(room, 1, 60_000)).toMatchObject([{ epoch, offset: 4, isKnown: false }]);
  expect(await log.read(room, { epoch, offset: 3 })).toMatchObject({ offset: 4, recovered: false });
  expect(await log.read(room, { epoch, offset: 4 })).toMatchObject({ recovered: true });
  await fill(room, 1, 100);
  expect((await log.read(room, { epoch, offset: 4 })).events).toHaveLength(1);
  expect(await log.read(room, { epoch, offset: 2 })).toMatchObject({ recovered: false });
  const twice = entry(room, 'y'.repeat(60_000));
  const [first] = await log.append([twice]);
  expect(await log.append([twice])).toEqual([{ ...first, isKnown: true }] as never);
});

test('an organisation at its budget loses its own oldest entries, and no other loses any', async () => {
  const [loud, quiet] = [newId('org'), newId('org')];
  const quietRoom = newRoom(quiet);
  const { epoch } = await log.read(quietRoom);
  await fill(quietRoom, 10, 1_000);
  const first = newRoom(loud);
  const start = await log.read(first);
  await fill(first, 5, 1_000);
  await Bun.sleep(5);
  const rooms = Array.from({ length: 30 }, () => newRoom(loud));
  for (const room of rooms) {
    await fill(room, 1, 20_000);
    expect(await held(loud)).toBeLessThanOrEqual(BUDGET);
  }
  const sizes = await Promise.all([first, ...rooms].map(stored));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(await held(loud));
  expect(await log.read(first, { ...start, offset: 4 })).toMatchObject({
    offset: 5,
    recovered: false,
  });
  expect(sizes.slice(-4).every((size) => size > 20_000)).toBe(true);
  const { recovered, events } = await log.read(quietRoom, { epoch, offset: 0 });
  expect([recovered, events.length]).toEqual([true, 10]);
});

test('many at once over many channels: what is metered is what is there', async () => {
  const tenantId = newId('org');
  const rooms = Array.from({ length: 20 }, () => newRoom(tenantId));
  await Promise.all(
    Array.from({ length: 100 }, (_, n) => fill(rooms[n % 20] as Room, 3, (n * 97) % 4_000)),
  );
  const sizes = await Promise.all(rooms.map(stored));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(await held(tenantId));
  expect(await held(tenantId)).toBeLessThanOrEqual(BUDGET);
});

test('channels that fell silent give back what they held, and their names', async () => {
  const tenantId = newId('org');
  const brief = createChannelLog(valkey, { historyLength: 10, historySeconds: 3 });
  const rooms = Array.from({ length: 5 }, () => newRoom(tenantId));
  await brief.append(rooms.map((room) => entry(room, 'x'.repeat(1_000))));
  expect(await held(tenantId)).toBeGreaterThan(6_000);
  await Bun.sleep(3_200);
  const last = newRoom(tenantId);
  await brief.append([entry(last, 'x')]);
  expect(await held(tenantId)).toBe(await stored(last));
  expect(await valkey.zcard(`realtime:bytes:${tenantId}`)).toBe(2);
});

test('a log that an older version wrote is bounded from now on', async () => {
  const tenantId = newId('org');
  const room = newRoom(tenantId);
  const key = `realtime:{${room}}`;
  const { epoch } = await log.read(room);
  for (let n = 1; n <= 3; n++) {
    const body = JSON.stringify(entry(room, n));
    await valkey.xadd(`${key}:log`, `${n}-0`, 'prev', n - 1, 'at', Date.now(), 'event', body);
  }
  await valkey.hset(key, 'offset', 3);
  await fill(room, 1, 1_000);
  expect((await log.read(room, { epoch, offset: 0 })).events).toHaveLength(4);
  await fill(room, 20, 5_000);
  expect(await stored(room)).toBeLessThanOrEqual(50_000);
  expect(await held(tenantId)).toBe(await stored(room));
});
