import type { PresenceRegistry } from '@insightdesk/shared/realtime';
import type { LiveSessions } from '../admission/live-sessions.ts';
import { roomOfUser } from '../replica/clients.ts';
import type { Connection } from './connection.ts';

interface Surroundings {
  connections: Map<string, Connection>;
  presence: Pick<PresenceRegistry, 'connected' | 'disconnected'>;
  liveSessions: Pick<LiveSessions, 'delete'>;
  onError: (error: unknown) => void;
}

/** Makes a connection known that was let in, and forgets it when its socket is gone. */
export function enter(
  connection: Connection,
  { connections, presence, liveSessions, onError }: Surroundings,
): void {
  const { socket, access } = connection;
  const { tenantId, userId } = access;
  connections.set(socket.id, connection);
  socket.data.userId = userId;
  void socket.join(roomOfUser({ tenantId, userId }));
  presence.connected(tenantId, userId).catch(onError);
  socket.on('disconnect', () => {
    connections.delete(socket.id);
    liveSessions.delete(connection);
    connection.subscriptions.leaveAll('lost');
    presence.disconnected(tenantId, userId).catch(onError);
    // What is left of the connection would hold its seat.
    socket.conn.close();
  });
  connection.open();
}
