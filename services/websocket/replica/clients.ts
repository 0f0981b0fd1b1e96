import {
  channelOf,
  type OpenSocket,
  type PresenceUpdate,
  type Room,
  roomOf,
  type SocketOwner,
  type SocketQuery,
  type SocketQueryAnswer,
} from '@insightdesk/shared/realtime';
import type { Connection } from '../connection/connection.ts';
import type { SocketServerIo } from '../connection/services.ts';
import type { ChannelTable } from '../subscriptions/define-channels.ts';

const MAX_CLIENTS = 1_000;

/** The room of all sockets of a member; no channel has such a name. */
export const roomOfUser = ({ tenantId, userId }: SocketOwner) => roomOf(tenantId, `user:${userId}`);

interface ClientsOptions {
  io: SocketServerIo;
  connections: ReadonlyMap<string, Connection>;
  channels: ChannelTable;
}

/** Answers a query about the sockets of this replica. */
export function createClients({ io, connections, channels }: ClientsOptions) {
  const connectionsIn = (room: string): Connection[] =>
    [...(io.of('/').adapter.rooms.get(room) ?? [])].flatMap((id) => connections.get(id) ?? []);

  function channelsOf(client: { socketId: string } | SocketOwner): string[] {
    const room = 'userId' in client ? roomOfUser(client) : client.socketId;
    const rooms = new Set(connectionsIn(room).flatMap(({ socket }) => [...socket.rooms]));
    const names = [...rooms].map((name) => channelOf(name as Room));
    return names.filter((name) => channels.find(name) !== undefined);
  }

  function clientsIn(room: Room): OpenSocket[] {
    if (!channels.find(channelOf(room))) return [];
    return connectionsIn(room)
      .slice(0, MAX_CLIENTS)
      .map(({ socket, access }) => ({ socketId: socket.id, userId: access.userId }));
  }

  async function setPresence({ status, metadata, ...owner }: PresenceUpdate): Promise<number> {
    const own = connectionsIn(roomOfUser(owner));
    const state = { status, metadata, setAtMs: Date.now() };
    await Promise.all(own.map(({ subscriptions }) => subscriptions.setPresence(state)));
    return own.length;
  }

  return async (query: SocketQuery): Promise<Omit<SocketQueryAnswer, 'id'>> => ({
    channels: query.kind === 'channels' ? channelsOf(query.client) : [],
    sockets: query.kind === 'clients' ? clientsIn(roomOf(query.tenantId, query.channel)) : [],
    updated: query.kind === 'presence' ? await setPresence(query.update) : 0,
  });
}
