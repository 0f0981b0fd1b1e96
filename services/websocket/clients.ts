import { UnavailableError } from '@insightdesk/shared/errors';
import type { ChannelTable } from '@insightdesk/shared/realtime';
import type { Id } from '@insightdesk/shared/utils';
import type { SocketServerIo } from './wire.ts';

/** One open socket on some replica. */
export interface Client {
  socketId: string;
  userId: Id<'usr'>;
}

/** Who is where, over all replicas; each throws UnavailableError when one of them stays silent. */
export interface Clients {
  /** The channels of one socket, or of all the sockets of a user. */
  getClientChannels(who: { socketId: string } | { userId: Id<'usr'> }): Promise<string[]>;
  /** The sockets that are subscribed to a channel. */
  getChannelClients(channel: string): Promise<Client[]>;
}

/** A room of all sockets of a user; no channel is called so. */
export const roomOfUser = (userId: Id<'usr'>) => `user:${userId}`;

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
      const sockets = await socketsIn('userId' in who ? roomOfUser(who.userId) : who.socketId);
      const rooms = new Set(sockets.flatMap((socket) => [...socket.rooms]));
      return [...rooms].filter((room) => channels.find(room) !== undefined).sort();
    },
    async getChannelClients(channel) {
      if (!channels.find(channel)) return [];
      const sockets = await socketsIn(channel);
      return sockets.map(({ id, data }) => ({ socketId: id, userId: data.userId }));
    },
  };
}
