import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { socketLimits } from '@insightdesk/shared/contract';
import { Server } from 'socket.io';
import type { createSignalAdapter } from '../replica/signal-adapter.ts';
import { corkFlushes } from './cork.ts';
import type { SocketServerIo } from './typed-socket.ts';

export interface TransportOptions {
  /** Such as `websocket-2`: session ids begin with `2.`, by which nginx finds the replica. */
  replica: string;
  corsOrigins: string[];
  adapter: ReturnType<typeof createSignalAdapter>;
}

const COMPRESSED_FROM_BYTES = 8 * 1_024;

const limits = {
  path: '/socket.io/',
  serveClient: false,
  transports: ['polling' as const, 'websocket' as const],
  // Whoever opens a connection and asks for nothing holds it for so long.
  connectTimeout: 10_000,
  pingInterval: 20_000,
  pingTimeout: 15_000,
  maxHttpBufferSize: socketLimits.messageBytes,
  // Below the threshold, compression costs more time than it saves on the wire. It counts only where
  // no context is kept between messages; one would also cost 230 kB per connection.
  perMessageDeflate: {
    threshold: COMPRESSED_FROM_BYTES,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
  },
  httpCompression: { threshold: COMPRESSED_FROM_BYTES },
};

/** Socket.IO on an HTTP server; nobody is let in yet. */
export function createTransport(
  httpServer: HttpServer,
  { replica, corsOrigins, adapter }: TransportOptions,
): SocketServerIo {
  const io: SocketServerIo = new Server(httpServer, {
    ...limits,
    cors: { origin: corsOrigins, credentials: true },
    adapter,
  });
  const prefix = /\d+$/.exec(replica)?.[0] ?? '0';
  io.engine.generateId = () => `${prefix}.${randomBytes(15).toString('base64url')}`;
  corkFlushes(io);
  return io;
}
