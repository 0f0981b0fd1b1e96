import type { IncomingMessage, ServerResponse } from 'node:http';
import { socketLimits } from '@insightdesk/shared/contract';
import { TooManyRequestsError } from '@insightdesk/shared/errors';
import type { ReadAddress } from '@insightdesk/shared/http';
import { ipPrefix } from '@insightdesk/shared/utils';
import type { Server } from 'socket.io';
import type { ServerSocket } from '../connection/services.ts';
import { rejectRequest } from '../replica/reject-request.ts';

type EngineSocket = ServerSocket['conn'];

export interface UnauthenticatedLimits {
  /** Connections of one address on this replica. */
  maxPerAddress: number;
  /** How long a connection may stay without sending a token. */
  timeoutMs: number;
}

export const unauthenticatedLimits: UnauthenticatedLimits = {
  maxPerAddress: socketLimits.unauthenticatedPerAddress,
  timeoutMs: socketLimits.unauthenticatedTimeoutMs,
};

interface Entry {
  address: string;
  timer: Timer | undefined;
  rejections: number;
}

const tooMany = () =>
  new TooManyRequestsError('Too many connections of this address wait for authentication', {
    code: 'TOO_MANY_CONNECTIONS',
  });

/** A client with more attempts has to open another connection, which is counted. */
const MAX_REJECTIONS = 5;

/** Limits the unauthenticated connections of an address, in number and in time. */
export function limitUnauthenticated(
  io: Pick<Server, 'engine'>,
  readAddress: ReadAddress,
  { maxPerAddress, timeoutMs }: UnauthenticatedLimits,
) {
  const entries = new Map<EngineSocket, Entry>();
  const counts = new Map<string, number>();

  function addressOf({ socket, headers }: IncomingMessage): string {
    const header = (name: string) => headers[name.toLowerCase()]?.toString();
    return ipPrefix(readAddress(socket.remoteAddress, header));
  }

  // Engine.IO would wait half a minute for the close to be fetched or answered.
  function terminate(conn: EngineSocket): void {
    const { socket } = conn.transport as { socket?: { terminate?(): void } };
    conn.close(true);
    socket?.terminate?.();
  }
  const startTimeout = (conn: EngineSocket) => setTimeout(() => terminate(conn), timeoutMs);

  function remove(conn: EngineSocket): void {
    const entry = entries.get(conn);
    if (!entry) return;
    clearTimeout(entry.timer);
    entries.delete(conn);
    const count = (counts.get(entry.address) ?? 0) - 1;
    if (count > 0) counts.set(entry.address, count);
    else counts.delete(entry.address);
  }

  io.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const hasSession = new URL(request.url ?? '/', 'http://service').searchParams.has('sid');
    if (hasSession || (counts.get(addressOf(request)) ?? 0) < maxPerAddress) return next();
    rejectRequest(request, response, tooMany());
  });
  io.engine.on('connection', (conn: EngineSocket) => {
    const address = addressOf(conn.request);
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    entries.set(conn, { address, timer: startTimeout(conn), rejections: 0 });
    conn.once('close', () => remove(conn));
    // Several may have passed the check above at the same time.
    if (count > maxPerAddress) terminate(conn);
  });

  return {
    /** A token was sent: the timeout stops while it is verified. */
    onHandshake: (conn: EngineSocket) => clearTimeout(entries.get(conn)?.timer),
    onAccepted: remove,
    /** The token was rejected: the timeout starts again, a limited number of times. */
    onRejected(conn: EngineSocket): void {
      const entry = entries.get(conn);
      if (!entry) return;
      clearTimeout(entry.timer);
      if (++entry.rejections === MAX_REJECTIONS) terminate(conn);
      else entry.timer = startTimeout(conn);
    },
    count: () => entries.size,
  };
}
