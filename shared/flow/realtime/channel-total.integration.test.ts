import { afterAll, beforeEach, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { createChannelLog } from './channel-log.ts';
import { createChannelRebuild } from './channel-rebuild.ts';
import { createTotalLimit, listLogBytes, readLogUsage } from './log-usage.ts';
import { readPublication, TOPIC } from './publication.ts';
import { purgeTenant } from './purge-tenant.ts';
import type { Room } from './room.ts';
import { connectTestValkey, createEntry, createTestRoom } from './test-rooms.ts';

// A database of its own: the limit is for all organizations of a server.
const database = '6';
const valkey = connectTestValkey('test-total', { database });
const TOTAL = 400_000;
const SMALL = 40_000;
const history = { historyLength: 1_000, historySeconds: 60, totalBytes: () => TOTAL };
const unverified = new Set<Id<'org'>>();
const log = createChannelLog(valkey, {
  ...history,
  budgetOf: (tenantId) => (unverified.has(tenantId) ? SMALL : TOTAL),
});

beforeEach(async () => {
  await valkey.flushdb();
  await createChannelRebuild(valkey, history).rebuild([]);
});
afterAll(async () => {
  await valkey.flushdb();
  await valkey.quit();
});

const fill = (room: Room, count: number, size: number) =>
  log.append(Array.from({ length: count }, () => createEntry(room, 'x'.repeat(size))));
const bytesOf = async (tenantId: Id<'org'>) => (await listLogBytes(valkey, [tenantId]))[0] ?? 0;
/** What the entries take, without what a channel takes besides. */
async function storedBytes(): Promise<number> {
  let bytes = 0;
  for (const key of await valkey.keys('realtime:{*}:log')) {
    for (const [, fields] of await valkey.xrange(key, '-', '+')) {
      bytes += Buffer.byteLength(fields[5] ?? '') + 256;
    }
  }
  return bytes;
}

test('total limit: the largest organization loses history, a small one keeps its own, all events are published', async () => {
  const small = createTestRoom(newId('org'));
  const start = await log.read(small);
  await fill(small, 10, 500);
  const published = new Set<string>();
  const subscriber = connectTestValkey('test-total', { role: 'subscriber', database });
  subscriber.on('message', (_topic: string, text: string) => {
    const publication = readPublication(text, () => true);
    if (publication) published.add(publication.linked.event.id);
  });
  await subscriber.subscribe(TOPIC);

  const loud = Array.from({ length: 16 }, () => newId('org'));
  const rooms = loud.map((tenantId) => createTestRoom(tenantId));
  const first = await Promise.all(rooms.map((room) => log.read(room)));
  const sent: string[] = [];
  for (let round = 0; round < 12; round++) {
    for (const room of rooms) {
      const entries = [
        createEntry(room, 'x'.repeat(8_000)),
        createEntry(createTestRoom(room.split('/')[0] as Id<'org'>)),
      ];
      await log.append(entries);
      sent.push(...entries.map(({ id }) => id));
      expect(await readLogUsage(valkey)).toBeLessThanOrEqual(TOTAL);
    }
  }
  expect(await storedBytes()).toBeLessThanOrEqual(TOTAL);
  for (const [i, room] of rooms.entries()) {
    expect(await log.read(room, first[i])).toMatchObject({ recovered: false });
  }
  expect((await log.read(small, start)).events).toHaveLength(10);
  const shares = await Promise.all(loud.map(bytesOf));
  expect(Math.min(...shares)).toBeGreaterThan(TOTAL / 16 / 2);
  await valkey.publish(TOPIC, 'end');
  expect(sent.filter((id) => !published.has(id))).toEqual([]);
  subscriber.disconnect();
});

test('total limit: unverified organizations lose history before a verified one that uses more', async () => {
  const verified = newId('org');
  const room = createTestRoom(verified);
  const start = await log.read(room);
  await fill(room, 20, 5_000);
  const others = Array.from({ length: 20 }, () => newId('org'));
  for (const tenantId of others) unverified.add(tenantId);
  for (let round = 0; round < 10; round++) {
    for (const tenantId of others) await fill(createTestRoom(tenantId), 1, 5_000);
  }
  expect(await readLogUsage(valkey)).toBeLessThanOrEqual(TOTAL);
  const { recovered, events } = await log.read(room, start);
  expect([recovered, events.length]).toEqual([true, 20]);
  for (const tenantId of others) expect(await bytesOf(tenantId)).toBeLessThanOrEqual(SMALL);
});

test('total limit: channels without entries count, and are deleted when they are too many', async () => {
  const tenantId = newId('org');
  for (let n = 0; n < 700; n++) await fill(createTestRoom(tenantId), 1, 1);
  expect(await readLogUsage(valkey)).toBeLessThanOrEqual(TOTAL);
  expect((await valkey.keys('realtime:{*}')).length).toBeLessThan(3 * (TOTAL / 768));
});

test('total limit: the accounts equal what is stored, also after a purge and concurrent appends', async () => {
  const tenants = Array.from({ length: 6 }, () => newId('org'));
  const rooms = tenants.flatMap((tenantId) => [createTestRoom(tenantId), createTestRoom(tenantId)]);
  await Promise.all(
    Array.from({ length: 120 }, (_, n) => fill(rooms[n % 12] as Room, 2, (n * 97) % 4_000)),
  );
  const sum = async () => (await listLogBytes(valkey, tenants)).reduce((a, b) => a + b, 0);
  expect(await readLogUsage(valkey)).toBe(await sum());
  expect(await sum()).toBe((await storedBytes()) + 12 * 768);
  await purgeTenant(valkey, tenants[0] as Id<'org'>);
  expect(await readLogUsage(valkey)).toBe(await sum());
  expect(await valkey.zscore('realtime:usage:shares', tenants[0] as string)).toBeNull();
});

test('total limit: organizations that became quiet no longer count', async () => {
  const brief = createChannelLog(valkey, { historyLength: 10, historySeconds: 1 });
  const quiet = newId('org');
  await brief.append([createEntry(createTestRoom(quiet), 'x'.repeat(9_000))]);
  expect(await bytesOf(quiet)).toBeGreaterThan(9_000);
  await Bun.sleep(1_100);
  await brief.append([createEntry(createTestRoom(newId('org')), 'x')]);
  // Its channel keeps its epoch.
  expect(await bytesOf(quiet)).toBe(768);
});

test('createTotalLimit: the setting, or a third of maxmemory', async () => {
  const info = (maxmemory: number) => ({
    info: async () => `used_memory:1\r\nmaxmemory:${maxmemory}\r\n`,
  });
  expect(createTotalLimit(info(300) as never, 7)()).toBe(7);
  const derived = createTotalLimit(info(402_653_184) as never, undefined);
  expect(derived()).toBe(134_217_728);
  await Bun.sleep(1);
  expect(derived()).toBe(134_217_728);
  const unlimited = createTotalLimit(info(0) as never, undefined);
  unlimited();
  await Bun.sleep(1);
  expect(unlimited()).toBe(268_435_456);
});
