import type { Id, ServerEvents } from '@insightdesk/shared/contract';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';

/** What every replica knows of a socket. */
export interface SocketFacts {
  userId: Id<'usr'>;
}

type Nothing = DefaultEventsMap;
export type SocketServerIo = Server<Nothing, ServerEvents, Nothing, SocketFacts>;
export type ServerSocket = Socket<Nothing, ServerEvents, Nothing, SocketFacts>;
