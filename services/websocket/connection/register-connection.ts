import type { PresenceRegistry } from '@insightdesk/shared/realtime';
import { roomOfUser } from '../replica/clients.ts';
import type { Connection } from './connection.ts';

interface RegisterOptions {
  connections: Map<string, Connection>;
  presence: Pick<PresenceRegistry, 'connected' | 'disconnected'>;
  onError: (error: unknown) => void;
}

/** Adds a connection after its handshake, and removes it when its socket disconnects. */
export function registerConnection(
  connection: Connection,
  { connections, presence, onError }: RegisterOptions,
): void {
  const { socket, access } = connection;
  const { tenantId, userId } = access;
  connections.set(socket.id, connection);
  void socket.join(roomOfUser({ tenantId, userId }));
  presence.connected(tenantId, userId).catch(onError);
  socket.on('disconnect', () => {
    connections.delete(socket.id);
    connection.subscriptions.leaveAll('disconnected');
    presence.disconnected(tenantId, userId).catch(onError);
    // A transport that stays open would count towards the connection limits.
    socket.conn.close();
  });
  connection.open();
}

const CHECK_INTERVAL_MS = 250;

/** Ends connections when their tokens expire; returns a function that stops it. */
export function watchTokenExpiry(connections: ReadonlyMap<string, Connection>): () => void {
  const timer = setInterval(() => {
    const nowMs = Date.now();
    for (const connection of connections.values()) connection.checkExpiry(nowMs);
  }, CHECK_INTERVAL_MS);
  return () => clearInterval(timer);
}
