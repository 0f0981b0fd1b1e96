import type { Id } from '@insightdesk/shared/contract';

/**
 * A channel of one organisation. Logs, hubs and presence are kept by it and never by the name alone,
 * which means another channel in every organisation; clients see the name.
 */
export type Room = `${Id<'org'>}/${string}`;

/** The room of a channel; the organisation is the event's, or that of a verified token. */
export function roomOf(tenantId: Id<'org'>, channel: string): Room {
  return `${tenantId}/${channel}`;
}

/** The name that clients know a room by. */
export function channelOf(room: Room): string {
  return room.slice(room.indexOf('/') + 1);
}

/** The organisation whose channel it is. */
export function tenantOf(room: Room): Id<'org'> {
  return room.slice(0, room.indexOf('/')) as Id<'org'>;
}
