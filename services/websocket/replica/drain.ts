import type { IncomingMessage, ServerResponse } from 'node:http';
import { UnavailableError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import type { Connection } from '../connection/connection.ts';
import { rejectRequest } from './reject-request.ts';

/** With few sockets the window is shorter. */
const WINDOW_PER_SOCKET_MS = 20;

/** Emits `drain` to every socket, and closes it at a random moment of the window. */
export async function disconnectGradually(
  connections: readonly Connection[],
  maxWindowMs: number,
): Promise<void> {
  const windowMs = Math.min(maxWindowMs, connections.length * WINDOW_PER_SOCKET_MS);
  await Promise.all(
    connections.map(async ({ socket }) => {
      const reconnectInMs = Math.round(Math.random() * windowMs);
      socket.emit('drain', { reconnectInMs });
      await sleep(reconnectInMs);
      socket.conn.close();
    }),
  );
}

/** Answers 503 to new connections while `isRejecting`, so that a proxy takes the next replica. */
export function rejectNewConnections(isRejecting: () => boolean) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (!isRejecting()) return next();
    const hasSession = new URL(request.url ?? '/', 'http://service').searchParams.has('sid');
    if (hasSession) return next();
    rejectRequest(request, response, new UnavailableError());
  };
}
