import { afterAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { createChannelLog } from './channel-log.ts';
import { listLogBytes } from './log-usage.ts';
import type { Room } from './room.ts';
import { connectTestValkey, createEntry, createTestRoom } from './test-rooms.ts';

const valkey = connectTestValkey('test-bytes');
afterAll(() => valkey.quit());

const BUDGET = 100_000;
const history = { historyLength: 1_000, historySeconds: 60 };
const log = createChannelLog(valkey, {
  ...history,
  historyBytes: 50_000,
  budgetOf: () => BUDGET,
});
const newRoom = createTestRoom;
const entry = createEntry;
const fill = (room: Room, count: number, size: number, text = 'x') =>
  log.append(Array.from({ length: count }, () => entry(room, text.repeat(size))));
/** The bytes of entries; each channel counts another 768. */
async function bytesUsed(tenantId: Id<'org'>) {
  const [bytes = 0] = await listLogBytes(valkey, [tenantId]);
  const members = await valkey.zcard(`realtime:usage:${tenantId}`);
  return bytes - 768 * (members - 1);
}
const stored = async (room: Room) => {
  const entries = await valkey.xrange(`realtime:{${room}}:log`, '-', '+');
  return entries.reduce((sum, [, fields]) => sum + Buffer.byteLength(fields[5] ?? '') + 256, 0);
};

test('channel bytes: the oldest entries are deleted, positions before them are not recovered', async () => {
  const tenantId = newId('org');
  const room = newRoom(tenantId);
  const { epoch } = await log.read(room);
  await fill(room, 20, 5_000);
  const bytes = await stored(room);
  expect(bytes).toBeLessThanOrEqual(50_000);
  expect(bytes).toBeGreaterThan(44_000);
  expect(await bytesUsed(tenantId)).toBe(bytes);
  expect(await log.read(room, { epoch, offset: 5 })).toMatchObject({ recovered: false });
  const { recovered, events } = await log.read(room, { epoch, offset: 12 });
  expect([recovered, events.length]).toEqual([true, 8]);
});

test('channel bytes: entries count as they are stored, a control character as six bytes', async () => {
  const tenantId = newId('org');
  const room = newRoom(tenantId);
  await fill(room, 10, 2_000, '\u0001');
  expect(await stored(room)).toBeGreaterThan(30_000);
  expect(await bytesUsed(tenantId)).toBe(await stored(room));
  expect(await valkey.xlen(`realtime:{${room}}:log`)).toBeLessThan(5);
});

test('entry bytes: a larger entry is published but not stored, which is a gap', async () => {
  const tenantId = newId('org');
  const room = newRoom(tenantId);
  const { epoch } = await log.read(room);
  await fill(room, 3, 100);
  expect(await fill(room, 1, 60_000)).toMatchObject([{ epoch, offset: 4, isDuplicate: false }]);
  expect(await log.read(room, { epoch, offset: 3 })).toMatchObject({ offset: 4, recovered: false });
  expect(await log.read(room, { epoch, offset: 4 })).toMatchObject({ recovered: true });
  await fill(room, 1, 100);
  expect((await log.read(room, { epoch, offset: 4 })).events).toHaveLength(1);
  expect(await log.read(room, { epoch, offset: 2 })).toMatchObject({ recovered: false });
  const twice = entry(room, 'y'.repeat(60_000));
  const [first] = await log.append([twice]);
  expect(await log.append([twice])).toEqual([{ ...first, isDuplicate: true }] as never);
});

test('organization budget: it deletes the oldest entries of that organization, none of another', async () => {
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
    expect(await bytesUsed(loud)).toBeLessThanOrEqual(BUDGET);
  }
  const sizes = await Promise.all([first, ...rooms].map(stored));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(await bytesUsed(loud));
  expect(await log.read(first, { ...start, offset: 4 })).toMatchObject({
    offset: 5,
    recovered: false,
  });
  expect(sizes.slice(-3).every((size) => size > 20_000)).toBe(true);
  const { recovered, events } = await log.read(quietRoom, { epoch, offset: 0 });
  expect([recovered, events.length]).toEqual([true, 10]);
});

test('organization budget: usage equals the stored bytes after concurrent appends', async () => {
  const tenantId = newId('org');
  const rooms = Array.from({ length: 20 }, () => newRoom(tenantId));
  await Promise.all(
    Array.from({ length: 100 }, (_, n) => fill(rooms[n % 20] as Room, 3, (n * 97) % 4_000)),
  );
  const sizes = await Promise.all(rooms.map(stored));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(await bytesUsed(tenantId));
  expect(await bytesUsed(tenantId)).toBeLessThanOrEqual(BUDGET);
});

test('organization budget: quiet channels free their bytes', async () => {
  const tenantId = newId('org');
  const brief = createChannelLog(valkey, { historyLength: 10, historySeconds: 3 });
  const rooms = Array.from({ length: 5 }, () => newRoom(tenantId));
  await brief.append(rooms.map((room) => entry(room, 'x'.repeat(1_000))));
  expect(await bytesUsed(tenantId)).toBeGreaterThan(6_000);
  await Bun.sleep(3_200);
  const last = newRoom(tenantId);
  await brief.append([entry(last, 'x')]);
  expect(await bytesUsed(tenantId)).toBe(await stored(last));
  for (const room of rooms) expect(await valkey.exists(`realtime:{${room}}:log`)).toBe(0);
});
