import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { socketLimits } from '@insightdesk/shared/contract';
import { Server } from 'socket.io';
import type { createSignalAdapter } from '../replica/signal-adapter.ts';
import { corkFlushes } from './cork-flushes.ts';
import type { SocketServerIo } from './services.ts';

interface TransportOptions {
  /** For example `websocket-2`: session ids begin with `2.`, by which nginx finds the replica. */
  replica: string;
  corsOrigins: string[];
  adapter: ReturnType<typeof createSignalAdapter>;
}

const MIN_COMPRESSED_BYTES = 8 * 1_024;

const limits = {
  path: '/socket.io/',
  serveClient: false,
  transports: ['polling' as const, 'websocket' as const],
  connectTimeout: 10_000,
  pingInterval: 20_000,
  pingTimeout: 15_000,
  maxHttpBufferSize: socketLimits.messageBytes,
  // Below the threshold, compression costs more time than it saves on the wire. The threshold works
  // only without a context between messages, which would also cost 230 kB per connection.
  perMessageDeflate: {
    threshold: MIN_COMPRESSED_BYTES,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
  },
  httpCompression: { threshold: MIN_COMPRESSED_BYTES },
};

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
