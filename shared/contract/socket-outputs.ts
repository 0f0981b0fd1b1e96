import type { EventData } from './events.ts';

/** A position in the log of a channel: offsets increase within an epoch; epochs are not comparable. */
export interface Position {
  epoch: string;
  offset: number;
}

/** A durable event as clients receive it, in offset order, each offset once. */
export interface ChannelEvent<T extends string = string, D = unknown> extends Position {
  id: string;
  channel: string;
  type: T;
  data: D;
  /** ISO 8601, UTC. */
  at: string;
}

/** A durable event with the data of its type. Later servers may send more types. */
export type KnownEvent = {
  [T in keyof EventData]: ChannelEvent<T, EventData[T]>;
}[keyof EventData];

/** The response to `subscribe`: if `recovered`, `events` are all events after the given position. */
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

/** A user in a presence channel, on all devices. */
export interface PresentMember {
  userId: string;
  /** Last status set on any device; default `online`. */
  status: string;
  metadata: Record<string, unknown> | null;
  /** Open sockets; 0 while the last one may still reconnect. */
  connections: number;
}

/** The data of `presence.changed`; a user who left is `offline` without metadata. */
export interface PresenceChange extends PresentMember {
  change: 'joined' | 'changed' | 'left';
  /** ISO 8601, UTC. */
  lastSeenAt: string;
}

/** The data of a signal, by its type; applications may publish signals of other types. */
export interface SignalData {
  /** Progress of a job of the organization; sent by the system. */
  'job.updated': {
    id: string;
    name: string;
    queue: string;
    state: 'active' | 'progress' | 'completed' | 'failed';
    /** Starts at 1. */
    attempt: number;
    percent?: number | undefined;
  };
  /** Progress of the transcoding of a video or audio file; sent by the system. */
  'recording.progress': { attachmentId: string; percent: number };
  /** Whether a user is typing; expires after six seconds. */
  typing: { on: boolean };
}

/** A request of the server to a client; the id stays the same when it is repeated. */
export interface ClientRequest {
  id: string;
  name: string;
  payload: unknown;
}

/** The acknowledgement of a request by a client. */
export type ClientResponse =
  | { ok: true; result: unknown }
  | { ok: false; error: { code: string; detail: string } };

/**
 * Why a socket is closed: its token has expired, its session has ended, or the access of its user has
 * changed. The client needs a new token before it reconnects.
 */
export type EndCode = 'TOKEN_EXPIRED' | 'SESSION_ENDED' | 'ACCESS_CHANGED';

/** Messages that the server emits. */
export interface ServerEvents {
  event(event: ChannelEvent): void;
  signal(signal: Signal): void;
  /** This replica is stopping; the client should reconnect after so many milliseconds. */
  drain(notice: { reconnectInMs: number }): void;
  /** Needs an acknowledgement; a repeated id gets the same response. */
  request(request: ClientRequest, respond: (response: ClientResponse) => void): void;
  /** The access token expires soon: renew it with `authenticate`. ISO 8601, UTC. */
  expiring(notice: { expiresAt: string }): void;
  /** The connection is about to be closed, with the reason. */
  closing(reason: {
    code: EndCode | 'RESYNC' | 'TOO_SLOW' | 'TOO_MANY_REQUESTS';
    detail: string;
  }): void;
}
