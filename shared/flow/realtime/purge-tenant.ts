import type { Id } from '@insightdesk/shared/contract';
import { deleteKeys, type Valkey } from '@insightdesk/shared/valkey';
import { deleteLogUsage } from './log-usage.ts';
import { organizationField, SOCKET_REPLICAS_KEY, socketCountsKey } from './open-sockets.ts';
import { PRESENCE_INDEX_KEY } from './presence-members.ts';

const PAGE_LENGTH = 1_000;

/**
 * Deletes the channel logs, presence and socket counts of an organization; resolves with the number
 * of deleted keys.
 */
export async function purgeTenant(valkey: Valkey, tenantId: Id<'org'>): Promise<number> {
  let count = 0;
  for (const match of [`realtime:*${tenantId}*`, `presence:*${tenantId}*`]) {
    count += await deleteKeys(valkey, match);
  }
  await deleteLogUsage(valkey, tenantId);
  let cursor = '0';
  do {
    const page = ['MATCH', `${tenantId}/*`, 'COUNT', PAGE_LENGTH] as const;
    const [next, pairs] = await valkey.zscan(PRESENCE_INDEX_KEY, cursor, ...page);
    const rooms = pairs.filter((_, index) => index % 2 === 0);
    if (rooms.length > 0) await valkey.zrem(PRESENCE_INDEX_KEY, ...rooms);
    cursor = next;
  } while (cursor !== '0');
  for (const instance of await valkey.smembers(SOCKET_REPLICAS_KEY)) {
    await valkey.hdel(socketCountsKey(instance), organizationField(tenantId));
  }
  return count;
}
