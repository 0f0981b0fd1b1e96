import type { Id } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { channelOf, type Room, roomOf } from '@insightdesk/shared/realtime';
import type { SocketServerIo } from '../connection/services.ts';
import type { ChannelTable } from '../subscriptions/define-channels.ts';

/** One open socket on some replica. */
interface Client {
  socketId: string;
  userId: Id<'usr'>;
}

/** A user in one organization. */
interface Member {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
}

/** Sockets and their channels over all replicas; throws UnavailableError when a replica is silent. */
export interface Clients {
  /** The channels of one socket, or of all sockets of a member. */
  getClientChannels(client: { socketId: string } | Member): Promise<string[]>;
  /** The sockets subscribed to a channel of an organization. */
  getChannelClients(channel: { tenantId: Id<'org'>; channel: string }): Promise<Client[]>;
}

/** The room of all sockets of a member; no channel has such a name. */
export const roomOfUser = ({ tenantId, userId }: Member) => roomOf(tenantId, `user:${userId}`);

/** Asks all replicas about their sockets; for occasional use, since each of them answers. */
export function createClients(io: SocketServerIo, channels: ChannelTable): Clients {
  const socketsIn = (room: string) =>
    io
      .in(room)
      .fetchSockets()
      .catch((cause: unknown) => {
        throw new UnavailableError('Not every replica has answered, try again', { cause });
      });

  return {
    async getClientChannels(client) {
      const room = 'userId' in client ? roomOfUser(client) : client.socketId;
      const sockets = await socketsIn(room);
      const rooms = new Set(sockets.flatMap((socket) => [...socket.rooms]));
      const names = [...rooms].map((name) => channelOf(name as Room));
      return names.filter((name) => channels.find(name) !== undefined).sort();
    },
    async getChannelClients({ tenantId, channel }) {
      if (!channels.find(channel)) return [];
      const sockets = await socketsIn(roomOf(tenantId, channel));
      return sockets.map(({ id, data }) => ({ socketId: id, userId: data.userId }));
    },
  };
}
