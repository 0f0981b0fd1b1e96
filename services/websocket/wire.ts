import type {
  ChannelEvent,
  ClientAnswer,
  ClientRequest,
  Id,
  Signal,
} from '@insightdesk/shared/contract';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';

/** What the server emits; what clients emit is `handlers.ts`. */
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

/**
 * Why a socket may not stay: its token has run out, its session is over, or its holder's role is
 * another by now. The client needs another token before it connects again.
 */
export type EndCode = 'TOKEN_EXPIRED' | 'SESSION_ENDED' | 'ACCESS_CHANGED';

/** What every replica knows of a socket. */
export interface SocketFacts {
  userId: Id<'usr'>;
}

type Nothing = DefaultEventsMap;
export type SocketServerIo = Server<Nothing, ServerEvents, Nothing, SocketFacts>;
export type ServerSocket = Socket<Nothing, ServerEvents, Nothing, SocketFacts>;
