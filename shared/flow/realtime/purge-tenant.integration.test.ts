import { afterAll, expect, test } from 'bun:test';
import { Channels, type Id } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { createChannelLog } from './channel-log.ts';
import { organizationField, SOCKET_REPLICAS_KEY, socketCountsKey } from './open-sockets.ts';
import { createPresenceMembers } from './presence-members.ts';
import { createPresenceRegistry } from './presence-registry.ts';
import { purgeTenant } from './purge-tenant.ts';
import { roomOf } from './room.ts';

const url = Bun.env.VALKEY_URL ?? 'valkey://127.0.0.1:6379';
const onError = console.error;
const valkey = createValkey(url, { name: 'test-purge', role: 'command', onError });
afterAll(() => valkey.quit());

const history = { historyLength: 100, historySeconds: 60 };
const instance = crypto.randomUUID();

/** Writes every kind of key. */
async function fill(tenantId: Id<'org'>) {
  const channel = Channels.conversation(newId('cnv'));
  const at = new Date().toISOString();
  const event = { tenantId, channel, id: newId('evt'), type: 'message.created', data: {}, at };
  await createChannelLog(valkey, history).append([event]);
  const members = createPresenceMembers(valkey, { ...history, onError });
  const userId = newId('usr');
  const state = { status: 'online', metadata: null, setAtMs: 0 };
  const room = roomOf(tenantId, Channels.organizationPresence(tenantId));
  await members.set(room, { userId, socketId: 'x' }, state);
  await createPresenceRegistry(valkey, { onError, renewMs: 3_600_000 }).connected(tenantId, userId);
  await valkey.sadd(SOCKET_REPLICAS_KEY, instance);
  await valkey.hset(socketCountsKey(instance), organizationField(tenantId), 1);
}

async function countTraces(tenantId: Id<'org'>) {
  const keys = await valkey.keys(`*${tenantId}*`);
  const rooms = await valkey.zrange('presence:channels', 0, -1);
  const counted = await valkey.hexists(socketCountsKey(instance), organizationField(tenantId));
  return keys.length + rooms.filter((room) => room.includes(tenantId)).length + counted;
}

test('purgeTenant: deletes logs, presence and socket counts of one organisation, none of another', async () => {
  const [deleted, other] = [newId('org'), newId('org')];
  await fill(deleted);
  await fill(other);
  const before = await countTraces(other);
  expect(before).toBeGreaterThan(8);
  expect(await purgeTenant(valkey, deleted)).toBeGreaterThan(6);
  expect(await countTraces(deleted)).toBe(0);
  expect(await countTraces(other)).toBe(before);
  await purgeTenant(valkey, other);
});
