import type { Socket } from 'socket.io-client';
import type { ChannelEvent, Position, Signal } from '../shared/contract/shapes.ts';
import { type ChannelListener, ChannelSubscription } from './channel-subscription.ts';
import { ACKNOWLEDGEMENT_TIMEOUT_MS } from './connection.ts';

/** The subscription of one listener to a channel. */
export interface Subscription {
  readonly channel: string;
  /** Settles with the first response: events committed after it reach the listener. */
  readonly ready: Promise<void>;
  /** The position of the last delivered event. */
  readonly position: Position | undefined;
  /** Sends an ephemeral signal to the other subscribers of the channel, if connected. */
  publish(type: string, data?: unknown): void;
  close(): void;
}

interface SubscriptionsOptions {
  socket: Socket;
  /** Connects, unless the socket is connected or connecting. */
  open: () => void;
  refreshToken: () => Promise<void>;
  onError: (error: unknown) => void;
}

export function createSubscriptions(options: SubscriptionsOptions) {
  const { socket, open, refreshToken, onError } = options;
  const byChannel = new Map<string, ChannelSubscription>();
  socket.on('event', (event: ChannelEvent) => byChannel.get(event.channel)?.onEvent(event));
  socket.on('signal', (signal: Signal) => byChannel.get(signal.channel)?.onSignal(signal));

  function create(channel: string): ChannelSubscription {
    const subscription: ChannelSubscription = new ChannelSubscription({
      channel,
      isConnected: () => socket.connected,
      subscribe: (request, callback) =>
        socket.timeout(ACKNOWLEDGEMENT_TIMEOUT_MS).emit('subscribe', request, callback),
      refreshToken,
      onError,
      onRefused: () => remove(channel, subscription),
    });
    byChannel.set(channel, subscription);
    if (socket.connected) subscription.subscribe();
    else open();
    return subscription;
  }

  function remove(channel: string, subscription: ChannelSubscription): void {
    if (byChannel.get(channel) === subscription) byChannel.delete(channel);
  }

  function close(
    channel: string,
    subscription: ChannelSubscription,
    listener: ChannelListener,
  ): void {
    subscription.listeners.delete(listener);
    if (subscription.listeners.size > 0 || byChannel.get(channel) !== subscription) return;
    remove(channel, subscription);
    subscription.leave();
    if (socket.connected) socket.emit('unsubscribe', { channel });
  }

  return {
    get isEmpty() {
      return byChannel.size === 0;
    },
    subscribe(channel: string, listener: ChannelListener): Subscription {
      const own = copyOf(listener);
      const subscription = byChannel.get(channel) ?? create(channel);
      subscription.add(own);
      return {
        channel,
        ready: subscription.ready,
        get position() {
          return subscription.cursor.position;
        },
        publish(type, data = null) {
          if (socket.connected) socket.emit('publish', { channel, type, data });
        },
        close: () => close(channel, subscription, own),
      };
    },
    onConnect() {
      for (const subscription of byChannel.values()) subscription.subscribe();
    },
    onDisconnect() {
      for (const subscription of byChannel.values()) subscription.leave();
    },
    end(error: Error): void {
      const ended = [...byChannel.values()];
      byChannel.clear();
      for (const subscription of ended) subscription.end(error);
    },
  };
}

/** A copy, because the same object may be passed twice. */
const copyOf = (listener: ChannelListener): ChannelListener => ({
  onEvent: (event) => listener.onEvent(event),
  onGap: (gap) => listener.onGap(gap),
  onSignal: (signal) => listener.onSignal?.(signal),
  onSubscribed: () => listener.onSubscribed?.(),
  onEnd: (error) => listener.onEnd?.(error),
});
