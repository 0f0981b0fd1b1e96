import { channelOf, type HubEmitter } from '@insightdesk/shared/realtime';
import { withSpan } from '@insightdesk/shared/tracing';
import type { Histogram } from '@insightdesk/shared/utils';
import type { Connection } from '../connection/connection.ts';
import type { SocketServerIo } from '../connection/services.ts';

/** Emits the hub's events to the sockets of this replica. */
export function createHubEmitter(
  io: SocketServerIo,
  connections: ReadonlyMap<string, Connection>,
  delays: Histogram,
): HubEmitter {
  return {
    event(room, { event, trace }, except) {
      const ageMs = Date.now() - Date.parse(event.at);
      delays.observe(Math.max(0, ageMs) / 1_000, 'delivered', () => ({}));
      const emit = () =>
        io.local
          .to(room)
          .except([...except])
          .emit('event', event);
      if (trace === undefined) emit();
      else withSpan({ name: `socket ${event.type}`, kind: 'producer', parent: trace }, emit);
    },
    // Out of the room first: an event after the gap would hide the gap. Clients reconnect by
    // themselves, name their last position and get `recovered: false`.
    resync(room) {
      for (const id of [...(io.of('/').adapter.rooms.get(room) ?? [])]) {
        const connection = connections.get(id);
        if (!connection) continue;
        connection.subscriptions.leave(channelOf(room), 'disconnected');
        connection.socket.emit('closing', {
          code: 'RESYNC',
          detail: 'Subscribe again and refetch',
        });
        connection.socket.conn.close();
      }
    },
  };
}
