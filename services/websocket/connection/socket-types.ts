import type { Id, ServerEvents } from '@insightdesk/shared/contract';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';

/** The data of a socket that all replicas can read. */
export interface SocketData {
  userId: Id<'usr'>;
}

type Untyped = DefaultEventsMap;
export type SocketServerIo = Server<Untyped, ServerEvents, Untyped, SocketData>;
export type ServerSocket = Socket<Untyped, ServerEvents, Untyped, SocketData>;
