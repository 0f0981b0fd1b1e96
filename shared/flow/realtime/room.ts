import type { Id } from '@insightdesk/shared/contract';

/**
 * A channel of one organization. Logs, hubs and presence use it as their key, never the name alone,
 * which is another channel in every organization; clients see the name.
 */
export type Room = `${Id<'org'>}/${string}`;

/** The room of a channel; the organization is the event's, or that of a verified token. */
export function roomOf(tenantId: Id<'org'>, channel: string): Room {
  return `${tenantId}/${channel}`;
}

/** The name that clients use for a room. */
export function channelOf(room: Room): string {
  return room.slice(room.indexOf('/') + 1);
}

/** The organization of a room. */
export function tenantOf(room: Room): Id<'org'> {
  return room.slice(0, room.indexOf('/')) as Id<'org'>;
}
