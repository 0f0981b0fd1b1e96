/** Names of the durable events that clients receive; shared with clients. */
export const Events = {
  conversationCreated: 'conversation.created',
  conversationUpdated: 'conversation.updated',
  messageCreated: 'message.created',
  attachmentReady: 'attachment.ready',
  attachmentRejected: 'attachment.rejected',
  memberJoined: 'member.joined',
  memberUpdated: 'member.updated',
  memberRemoved: 'member.removed',
  sessionRevoked: 'session.revoked',
  presenceChanged: 'presence.changed',
} as const;

/** A place in a channel's log: offsets rise within an epoch, epochs do not compare. */
export interface Position {
  epoch: string;
  offset: number;
}

/** A durable event as clients receive it, in offset order, each offset once. */
export interface ChannelEvent extends Position {
  id: string;
  channel: string;
  type: string;
  data: unknown;
  /** ISO 8601, UTC. */
  at: string;
}

/** What a channel's log answers: `events` are complete after the asked position if `recovered`. */
export interface Snapshot extends Position {
  recovered: boolean;
  events: ChannelEvent[];
}

/** An ephemeral signal from one socket to the others of a channel; never stored. */
export interface Signal {
  channel: string;
  type: string;
  data: unknown;
  from: string;
}

/** Somebody who is in a presence channel, on however many devices. */
export interface PresentMember {
  userId: string;
  /** What was set last on any device, else `online`. */
  status: string;
  metadata: Record<string, unknown> | null;
  /** Open sockets; 0 while the last one may still be coming back. */
  connections: number;
}

/** The data of `presence.changed`; who left is `offline` and without metadata. */
export interface PresenceChange extends PresentMember {
  change: 'joined' | 'changed' | 'left';
  /** ISO 8601, UTC. */
  lastSeenAt: string;
}

/** What a device is asked by the server; the id stays the same however often it is asked. */
export interface ClientRequest {
  id: string;
  name: string;
  payload: unknown;
}

/** What a device acknowledges a request with. */
export type ClientAnswer =
  | { ok: true; result: unknown }
  | { ok: false; error: { code: string; detail: string } };
