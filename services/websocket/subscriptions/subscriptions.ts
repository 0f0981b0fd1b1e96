import { ConflictError, TooManyRequestsError } from '@insightdesk/shared/errors';
import type { PresenceState, Room, SocketOfUser } from '@insightdesk/shared/realtime';
import type { Connection } from '../connection/connection.ts';

/** One call of `subscribe`, from when it came until another takes its place or it is ended. */
export interface Subscription {
  /** The socket was in the channel already and starts over. */
  readonly isRepeated: boolean;
  isJoined: boolean;
}

const atFirst: PresenceState = { status: 'online', metadata: null, setAtMs: 0 };

export const isPresence = (channel: string) => channel.startsWith('presence-');

/** The channels that one socket is in, or about to be: they begin and end here and nowhere else. */
export class Subscriptions {
  readonly #connection: Connection;
  readonly #byChannel = new Map<string, Subscription>();
  /** What the holder says of itself in presence channels. */
  #presence = atFirst;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  isIn(channel: string): boolean {
    return this.#byChannel.get(channel)?.isJoined === true;
  }

  /** Throws when the channel is being entered already or there are as many as may be. */
  begin(channel: string): Subscription {
    const { services, access } = this.#connection;
    const known = this.#byChannel.get(channel);
    if (known && !known.isJoined) {
      throw new ConflictError('This subscription is under way already');
    }
    if (!known && this.#byChannel.size >= services.maxChannelsPerSocket) {
      throw new TooManyRequestsError(
        `A socket may have ${services.maxChannelsPerSocket} channels; unsubscribe from some first`,
        { code: 'TOO_MANY_CHANNELS', retryable: false },
      );
    }
    if (!known) services.channelQuota.take(access.tenantId);
    const subscription = { isJoined: false, isRepeated: known !== undefined };
    this.#byChannel.set(channel, subscription);
    return subscription;
  }

  isWanted(channel: string, subscription: Subscription): boolean {
    return this.#byChannel.get(channel) === subscription && this.#connection.socket.connected;
  }

  /** From now on the socket hears the channel's events, and is a member if that is for presence. */
  enter(channel: string, subscription: Subscription): void {
    void this.#connection.socket.join(this.#connection.roomFor(channel));
    subscription.isJoined = true;
    if (isPresence(channel)) void this.#appear(channel);
  }

  /** Nothing more is heard of the channel here, though the subscription goes on. */
  leaveRoom(channel: string): void {
    const { socket, services } = this.#connection;
    const room = this.#connection.roomFor(channel);
    void socket.leave(room);
    services.hub.leave(room, socket.id);
  }

  /** Ends one subscription, or what there is of it; `lost` when the client may come back to it. */
  leave(channel: string, how: 'left' | 'lost' = 'left'): void {
    const { services, access } = this.#connection;
    // Whether it has joined or not: one that starts over is still a member from before.
    if (isPresence(channel)) void this.#vanish(channel, how);
    if (this.#byChannel.delete(channel)) services.channelQuota.give(access.tenantId);
    this.leaveRoom(channel);
  }

  leaveAll(how: 'left' | 'lost'): void {
    for (const channel of [...this.#byChannel.keys()]) this.leave(channel, how);
  }

  /** Where others hear what the holder says of itself. */
  presenceRooms(): Room[] {
    const channels = [...this.#byChannel.keys()].filter((one) => isPresence(one) && this.isIn(one));
    return channels.map((one) => this.#connection.roomFor(one));
  }

  /** What the holder says of itself, in all presence channels that the socket is in. */
  async setPresence(presence: PresenceState): Promise<void> {
    this.#presence = presence;
    const channels = [...this.#byChannel.keys()].filter(isPresence);
    await Promise.all(channels.filter((one) => this.isIn(one)).map((one) => this.#appear(one)));
  }

  #appear(channel: string): Promise<void> {
    const { services } = this.#connection;
    const room = this.#connection.roomFor(channel);
    return services.presenceMembers.hold(room, this.#member(), this.#presence);
  }

  /** Of who is no member this does nothing. */
  #vanish(channel: string, how: 'left' | 'lost'): Promise<void> {
    const { services } = this.#connection;
    const room = this.#connection.roomFor(channel);
    return services.presenceMembers.release(room, this.#member(), how);
  }

  #member(): SocketOfUser {
    const { access, socket } = this.#connection;
    return { userId: access.userId, socketId: socket.id };
  }
}
