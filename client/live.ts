import type { ChannelEvent, Position, Signal } from '../shared/realtime/wire.ts';
import { ANSWER_TIMEOUT_MS, type ConnectionOptions, createConnection } from './connection.ts';
import { ClosedError } from './errors.ts';
import { type ChannelListener, Follower } from './follower.ts';
import type { Tokens } from './tokens.ts';

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

export interface LiveOptions extends Pick<ConnectionOptions, 'url' | 'keeper' | 'socketOptions'> {
  onConnection?: ((isConnected: boolean) => void) | undefined;
  /** Told of what an app's own callback threw. */
  onError: (error: unknown) => void;
}

export interface Live {
  subscribe(channel: string, listener: ChannelListener): Subscription;
  onTokens(tokens: Tokens | undefined): void;
  close(): void;
}

/** Keeps all channels on one connection, which is there while any is wanted. */
export function createLive({ onConnection, onError, ...options }: LiveOptions): Live {
  const followers = new Map<string, Follower>();
  const connection = createConnection({
    ...options,
    isWanted: () => followers.size > 0,
    onUp() {
      onConnection?.(true);
      for (const follower of followers.values()) follower.join();
    },
    onDown() {
      for (const follower of followers.values()) follower.leave();
      onConnection?.(false);
    },
    onEnd: endAll,
  });
  const { socket } = connection;
  let isClosed = false;
  socket.on('event', (event: ChannelEvent) => followers.get(event.channel)?.live(event));
  socket.on('signal', (signal: Signal) => followers.get(signal.channel)?.signal(signal));

  function endAll(error: Error): void {
    const ended = [...followers.values()];
    followers.clear();
    socket.disconnect();
    for (const follower of ended) follower.end(error);
  }

  function follow(channel: string): Follower {
    if (isClosed) throw new ClosedError('This client was closed');
    const follower: Follower = new Follower({
      channel,
      isConnected: () => socket.connected,
      subscribe: (request, done) =>
        socket.timeout(ANSWER_TIMEOUT_MS).emit('subscribe', request, done),
      renew: async () => void (await options.keeper.refresh()),
      onError,
      onRefused: () => forget(channel, follower),
    });
    followers.set(channel, follower);
    if (socket.connected) follower.join();
    else connection.open();
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
    subscribe(channel, listener) {
      const own = separate(listener);
      const follower = followers.get(channel) ?? follow(channel);
      follower.listeners.add(own);
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
    onTokens: connection.onTokens,
    close() {
      isClosed = true;
      connection.close();
      endAll(new ClosedError('This client was closed'));
    },
  };
}

/** The same object may listen twice. */
const separate = (listener: ChannelListener): ChannelListener => ({
  onEvent: (event) => listener.onEvent(event),
  onGap: (gap) => listener.onGap(gap),
  onSignal: (signal) => listener.onSignal?.(signal),
  onEnd: (error) => listener.onEnd?.(error),
});
