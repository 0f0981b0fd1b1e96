import type { EventData } from './events.ts';

/** A place in a channel's log: offsets rise within an epoch, epochs do not compare. */
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

/** A durable event as apps hear it, its data by its type. Later servers may tell of further types. */
export type KnownEvent = {
  [T in keyof EventData]: ChannelEvent<T, EventData[T]>;
}[keyof EventData];

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

/** The data of a signal, by its type; applications may publish signals of other types. */
export interface SignalData {
  /** How a job of the organisation goes; from the system. */
  'job.updated': {
    id: string;
    name: string;
    queue: string;
    state: 'active' | 'progress' | 'completed' | 'failed';
    /** Counts from 1. */
    attempt: number;
    percent?: number | undefined;
  };
  /** How far the work on a video or a sound is; from the system. */
  'recording.progress': { attachmentId: string; percent: number };
  /** Whether somebody is typing; wears off after six seconds. */
  typing: { on: boolean };
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

/**
 * Why a socket may not stay: its token has run out, its session is over, or its holder's role is
 * another by now. The client needs another token before it connects again.
 */
export type EndCode = 'TOKEN_EXPIRED' | 'SESSION_ENDED' | 'ACCESS_CHANGED';

/** What the server emits. */
export interface ServerEvents {
  event(event: ChannelEvent): void;
  signal(signal: Signal): void;
  /** This replica is going away and closes the connection after so many milliseconds. */
  drain(notice: { reconnectInMs: number }): void;
  /** Wants an acknowledgement; whoever hears the same id again answers as before. */
  request(request: ClientRequest, answer: (answer: ClientAnswer) => void): void;
  /** The access token runs out soon: renew it by `authenticate`. ISO 8601, UTC. */
  expiring(notice: { expiresAt: string }): void;
  /** The connection is about to be closed, and why. */
  closing(reason: { code: EndCode | 'RESYNC' | 'TOO_SLOW'; detail: string }): void;
}
