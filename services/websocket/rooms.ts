import { channelOf, type HubEmit } from '@insightdesk/shared/realtime';
import type { Session } from './session.ts';
import type { SocketServerIo } from './wire.ts';

/** Hands what the hub has to say to the sockets of this replica. */
export function createRooms(io: SocketServerIo, sessions: ReadonlyMap<string, Session>): HubEmit {
  return {
    event(room, event, except) {
      io.local
        .to(room)
        .except([...except])
        .emit('event', event);
    },
    // Out of the room first: an event after the gap would hide it. The clients reconnect by
    // themselves, name their last position and hear `recovered: false`.
    resync(room) {
      for (const id of [...(io.of('/').adapter.rooms.get(room) ?? [])]) {
        const session = sessions.get(id);
        if (!session) continue;
        session.leave(channelOf(room), 'lost');
        session.socket.emit('closing', { code: 'RESYNC', detail: 'Subscribe again and refetch' });
        session.socket.conn.close();
      }
    },
  };
}
