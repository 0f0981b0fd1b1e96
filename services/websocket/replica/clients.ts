import type { Id } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { channelOf, type Room, roomOf } from '@insightdesk/shared/realtime';
import type { SocketServerIo } from '../connection/typed-socket.ts';
import type { ChannelTable } from '../subscriptions/channel-table.ts';

/** One open socket on some replica. */
export interface Client {
  socketId: string;
  userId: Id<'usr'>;
}

/** A person in one organisation. */
export interface Member {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
}

/** Who is where, over all replicas; each throws UnavailableError when one of them stays silent. */
export interface Clients {
  /** The channels of one socket, or of all the sockets of a member. */
  getClientChannels(who: { socketId: string } | Member): Promise<string[]>;
  /** The sockets that are subscribed to a channel of an organisation. */
  getChannelClients(of: { tenantId: Id<'org'>; channel: string }): Promise<Client[]>;
}

/** A room of all sockets of a member; no channel is called so. */
export const roomOfUser = ({ tenantId, userId }: Member) => roomOf(tenantId, `user:${userId}`);

/** Asks all replicas about their sockets; for occasional questions, since each of them answers. */
export function createClients(io: SocketServerIo, channels: ChannelTable): Clients {
  const socketsIn = (room: string) =>
    io
      .in(room)
      .fetchSockets()
      .catch((cause: unknown) => {
        throw new UnavailableError('Not every replica has answered, try again', { cause });
      });

  return {
    async getClientChannels(who) {
      const sockets = await socketsIn('userId' in who ? roomOfUser(who) : who.socketId);
      const rooms = new Set(sockets.flatMap((socket) => [...socket.rooms]));
      const names = [...rooms].map((room) => channelOf(room as Room));
      return names.filter((name) => channels.find(name) !== undefined).sort();
    },
    async getChannelClients({ tenantId, channel }) {
      if (!channels.find(channel)) return [];
      const sockets = await socketsIn(roomOf(tenantId, channel));
      return sockets.map(({ id, data }) => ({ socketId: id, userId: data.userId }));
    },
  };
}
