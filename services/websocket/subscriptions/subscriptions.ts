import { ConflictError, TooManyRequestsError } from '@insightdesk/shared/errors';
import type { LeaveReason, PresenceState, Room, SocketOfUser } from '@insightdesk/shared/realtime';
import type { ServerSocket, Services } from '../connection/services.ts';
import type { Access } from '../sessions/access.ts';

/** The connection that subscriptions belong to. */
export interface SubscriptionOwner {
  readonly socket: ServerSocket;
  readonly services: Pick<
    Services,
    'hub' | 'presenceMembers' | 'channelQuota' | 'maxChannelsPerSocket'
  >;
  readonly access: Pick<Access, 'tenantId' | 'userId'>;
  roomFor(channel: string): Room;
}

/** One `subscribe` call, until the channel is left or another call replaces it. */
interface Subscription {
  /** The socket was in the channel already and starts over. */
  readonly isRepeated: boolean;
  isJoined: boolean;
}

const initialPresence: PresenceState = { status: 'online', metadata: null, setAtMs: 0 };

export const isPresenceChannel = (channel: string) => channel.startsWith('presence-');

/** The channels that one socket is in or joins; every subscription begins and ends here. */
export class Subscriptions {
  readonly #owner: SubscriptionOwner;
  readonly #byChannel = new Map<string, Subscription>();
  #presence = initialPresence;

  constructor(owner: SubscriptionOwner) {
    this.#owner = owner;
  }

  isJoined(channel: string): boolean {
    return this.#byChannel.get(channel)?.isJoined === true;
  }

  /** Throws while the channel is being joined, and at the limits of channels. */
  create(channel: string): Subscription {
    const { services, access } = this.#owner;
    const existing = this.#byChannel.get(channel);
    if (existing && !existing.isJoined) {
      throw new ConflictError('Another subscribe to this channel is in progress');
    }
    if (!existing && this.#byChannel.size >= services.maxChannelsPerSocket) {
      throw new TooManyRequestsError(
        `A socket may have ${services.maxChannelsPerSocket} channels; unsubscribe from some first`,
        { code: 'TOO_MANY_CHANNELS', retryable: false },
      );
    }
    if (!existing) services.channelQuota.reserve(access.tenantId);
    const subscription = { isJoined: false, isRepeated: existing !== undefined };
    this.#byChannel.set(channel, subscription);
    return subscription;
  }

  /** False after an unsubscribe, a newer subscribe or a disconnect. */
  isCurrent(channel: string, subscription: Subscription): boolean {
    return this.#byChannel.get(channel) === subscription && this.#owner.socket.connected;
  }

  /** From now on the socket receives the channel's events, and is a member if it is for presence. */
  join(channel: string, subscription: Subscription): void {
    void this.#owner.socket.join(this.#owner.roomFor(channel));
    subscription.isJoined = true;
    if (isPresenceChannel(channel)) void this.#setMember(channel);
  }

  /** Stops the channel's events without ending the subscription. */
  leaveRoom(channel: string): void {
    const { socket, services } = this.#owner;
    const room = this.#owner.roomFor(channel);
    void socket.leave(room);
    services.hub.leave(room, socket.id);
  }

  /** Ends one subscription; `disconnected` when the client may come back to it. */
  leave(channel: string, reason: LeaveReason = 'left'): void {
    const { services, access } = this.#owner;
    // Also when it has not joined: one that starts over is still a member from before.
    if (isPresenceChannel(channel)) void this.#removeMember(channel, reason);
    if (this.#byChannel.delete(channel)) services.channelQuota.release(access.tenantId);
    this.leaveRoom(channel);
  }

  leaveAll(reason: LeaveReason): void {
    for (const channel of [...this.#byChannel.keys()]) this.leave(channel, reason);
  }

  /** The rooms of the presence channels that the socket is in. */
  presenceRooms(): Room[] {
    return this.#presenceChannels().map((channel) => this.#owner.roomFor(channel));
  }

  /** Sets the status of the socket in all its presence channels. */
  async setPresence(presence: PresenceState): Promise<void> {
    this.#presence = presence;
    await Promise.all(this.#presenceChannels().map((channel) => this.#setMember(channel)));
  }

  #presenceChannels(): string[] {
    return [...this.#byChannel.keys()].filter(
      (channel) => isPresenceChannel(channel) && this.isJoined(channel),
    );
  }

  #setMember(channel: string): Promise<void> {
    const { services } = this.#owner;
    const room = this.#owner.roomFor(channel);
    return services.presenceMembers.set(room, this.#member(), this.#presence);
  }

  /** Does nothing for a socket that is not a member. */
  #removeMember(channel: string, reason: LeaveReason): Promise<void> {
    const { services } = this.#owner;
    const room = this.#owner.roomFor(channel);
    return services.presenceMembers.remove(room, this.#member(), reason);
  }

  #member(): SocketOfUser {
    const { access, socket } = this.#owner;
    return { userId: access.userId, socketId: socket.id };
  }
}
