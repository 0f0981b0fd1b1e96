import type { Socket } from 'socket.io-client';
import type { ChannelEvent, Position, Signal } from '../shared/contract/shapes.ts';
import { ANSWER_TIMEOUT_MS } from './connection.ts';
import { type ChannelListener, Follower } from './follower.ts';

/** One listener's part in a channel. */
export interface Subscription {
  readonly channel: string;
  /** Settles with the first answer: whatever is committed after it reaches the listener. */
  readonly ready: Promise<void>;
  /** Up to where events were handed over. */
  readonly position: Position | undefined;
  /** Sends an ephemeral signal to the others of the channel, if connected. */
  publish(type: string, data?: unknown): void;
  close(): void;
}

interface FollowingOptions {
  socket: Socket;
  /** Connects, unless that is under way. */
  open: () => void;
  /** Gets the socket a fresh token. */
  renew: () => Promise<void>;
  onError: (error: unknown) => void;
}

/** All channels that are followed on one socket. */
export interface Following {
  readonly isEmpty: boolean;
  subscribe(channel: string, listener: ChannelListener): Subscription;
  onUp(): void;
  onDown(): void;
  end(error: Error): void;
}

export function createFollowing({ socket, open, renew, onError }: FollowingOptions): Following {
  const followers = new Map<string, Follower>();
  socket.on('event', (event: ChannelEvent) => followers.get(event.channel)?.live(event));
  socket.on('signal', (signal: Signal) => followers.get(signal.channel)?.signal(signal));

  function follow(channel: string): Follower {
    const follower: Follower = new Follower({
      channel,
      isConnected: () => socket.connected,
      subscribe: (request, done) =>
        socket.timeout(ANSWER_TIMEOUT_MS).emit('subscribe', request, done),
      renew,
      onError,
      onRefused: () => forget(channel, follower),
    });
    followers.set(channel, follower);
    if (socket.connected) follower.join();
    else open();
    return follower;
  }

  function forget(channel: string, follower: Follower): void {
    if (followers.get(channel) === follower) followers.delete(channel);
  }

  function leave(channel: string, follower: Follower, listener: ChannelListener): void {
    follower.listeners.delete(listener);
    if (follower.listeners.size > 0 || followers.get(channel) !== follower) return;
    forget(channel, follower);
    follower.leave();
    if (socket.connected) socket.emit('unsubscribe', { channel });
  }

  return {
    get isEmpty() {
      return followers.size === 0;
    },
    subscribe(channel, listener) {
      const own = separate(listener);
      const follower = followers.get(channel) ?? follow(channel);
      follower.add(own);
      return {
        channel,
        ready: follower.ready,
        get position() {
          return follower.cursor.position;
        },
        publish(type, data = null) {
          if (socket.connected) socket.emit('publish', { channel, type, data });
        },
        close: () => leave(channel, follower, own),
      };
    },
    onUp() {
      for (const follower of followers.values()) follower.join();
    },
    onDown() {
      for (const follower of followers.values()) follower.leave();
    },
    end(error) {
      const ended = [...followers.values()];
      followers.clear();
      for (const follower of ended) follower.end(error);
    },
  };
}

/** The same object may listen twice. */
const separate = (listener: ChannelListener): ChannelListener => ({
  onEvent: (event) => listener.onEvent(event),
  onGap: (gap) => listener.onGap(gap),
  onSignal: (signal) => listener.onSignal?.(signal),
  onJoined: () => listener.onJoined?.(),
  onEnd: (error) => listener.onEnd?.(error),
});
