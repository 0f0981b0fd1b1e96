import { channelOf, type HubEmit } from '@insightdesk/shared/realtime';
import { span } from '@insightdesk/shared/tracing';
import type { Durations } from '@insightdesk/shared/utils';
import type { Connection } from '../connection/connection.ts';
import type { SocketServerIo } from '../connection/typed-socket.ts';

/** Hands what the hub has to say to the sockets of this replica. */
export function createHubEmit(
  io: SocketServerIo,
  connections: ReadonlyMap<string, Connection>,
  delays: Durations,
): HubEmit {
  return {
    event(room, { event, trace }, except) {
      const ageMs = Date.now() - Date.parse(event.at);
      delays.observe(Math.max(0, ageMs) / 1_000, 'told', () => ({}));
      const emit = () =>
        io.local
          .to(room)
          .except([...except])
          .emit('event', event);
      if (trace === undefined) emit();
      else span({ name: `socket ${event.type}`, kind: 'producer', parent: trace }, emit);
    },
    // Out of the room first: an event after the gap would hide it. The clients reconnect by
    // themselves, name their last position and hear `recovered: false`.
    resync(room) {
      for (const id of [...(io.of('/').adapter.rooms.get(room) ?? [])]) {
        const connection = connections.get(id);
        if (!connection) continue;
        connection.subscriptions.leave(channelOf(room), 'lost');
        connection.socket.emit('closing', {
          code: 'RESYNC',
          detail: 'Subscribe again and refetch',
        });
        connection.socket.conn.close();
      }
    },
  };
}
