import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';
import { organizationField, SOCKET_REPLICAS_KEY, socketCountsKey } from './open-sockets.ts';
import { PRESENCE_INDEX_KEY } from './presence-members.ts';

const PAGE_LENGTH = 1_000;

/**
 * Deletes the channel logs, presence and socket counts of an organisation; resolves with the number
 * of deleted keys.
 */
export async function purgeTenant(valkey: Valkey, tenantId: Id<'org'>): Promise<number> {
  let count = await valkey.unlink(`realtime:bytes:${tenantId}`);
  for (const match of [`realtime:{${tenantId}/*`, `presence:{${tenantId}[}/]*`]) {
    for await (const keys of scan((cursor) =>
      valkey.scan(cursor, 'MATCH', match, 'COUNT', PAGE_LENGTH),
    )) {
      count += await valkey.unlink(...keys);
    }
  }
  const rooms = (cursor: string) =>
    valkey.zscan(PRESENCE_INDEX_KEY, cursor, 'MATCH', `${tenantId}/*`, 'COUNT', PAGE_LENGTH);
  for await (const pairs of scan(rooms)) {
    await valkey.zrem(PRESENCE_INDEX_KEY, ...pairs.filter((_, index) => index % 2 === 0));
  }
  for (const instance of await valkey.smembers(SOCKET_REPLICAS_KEY)) {
    await valkey.hdel(socketCountsKey(instance), organizationField(tenantId));
  }
  return count;
}

async function* scan(
  next: (cursor: string) => Promise<[cursor: string, items: string[]]>,
): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [following, items] = await next(cursor);
    if (items.length > 0) yield items;
    cursor = following;
  } while (cursor !== '0');
}
