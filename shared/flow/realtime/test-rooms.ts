import { Channels, type Id } from '@insightdesk/shared/contract';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey, type ValkeyOptions } from '@insightdesk/shared/valkey';
import { channelOf, type Room, roomOf } from './room.ts';

/** A connection to the Valkey of the tests, or to one of its databases. */
export function connectTestValkey(
  name: string,
  { role = 'command', database = '' }: { role?: ValkeyOptions['role']; database?: string } = {},
) {
  const url = new URL(testEnvironment.valkeyUrl);
  if (database) url.pathname = `/${database}`;
  return createValkey(url.href, { name, role, onError: () => {} });
}

/** The room of a new conversation. */
export const createTestRoom = (tenantId: Id<'org'> = newId('org')): Room =>
  roomOf(tenantId, Channels.conversation(newId('cnv')));

/** An entry for the log of a room. */
export const createEntry = (room: Room, data: unknown = {}) => ({
  tenantId: room.split('/')[0] as Id<'org'>,
  channel: channelOf(room),
  id: newId('evt'),
  type: 'message.created',
  data,
  at: new Date().toISOString(),
});

/** Entries numbered from 0. */
export const createEntries = (room: Room, count: number) =>
  Array.from({ length: count }, (_, n) => createEntry(room, { n }));
