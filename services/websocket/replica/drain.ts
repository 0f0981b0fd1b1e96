import type { IncomingMessage, ServerResponse } from 'node:http';
import { sleep } from '@insightdesk/shared/promises';
import type { Connection } from '../connection/connection.ts';

/** So few sockets need no longer window than this each. */
const WINDOW_PER_SOCKET_MS = 20;

/** Tells every socket to go at a random moment of the window, and closes it then. */
export async function disconnectGradually(
  connections: readonly Connection[],
  longestWindowMs: number,
): Promise<void> {
  const windowMs = Math.min(longestWindowMs, connections.length * WINDOW_PER_SOCKET_MS);
  await Promise.all(
    connections.map(async ({ socket }) => {
      const reconnectInMs = Math.round(Math.random() * windowMs);
      socket.emit('drain', { reconnectInMs });
      await sleep(reconnectInMs);
      socket.conn.close();
    }),
  );
}

/** Answers 503 to new connections while `isDraining`, so that a proxy takes the next replica. */
export function refuseNewcomers(isDraining: () => boolean) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (!isDraining()) return next();
    const isKnown = new URL(request.url ?? '/', 'http://service').searchParams.has('sid');
    if (isKnown) return next();
    response.writeHead(503, { 'Retry-After': '1', Connection: 'close' });
    response.end();
  };
}
