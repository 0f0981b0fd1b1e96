import {
  type ChannelHubOptions,
  roomOf,
  SIGNALS_TOPIC,
  SYSTEM_SENDER,
  type SystemSignal,
} from '@insightdesk/shared/realtime';
import type { SocketServerIo } from '../connection/services.ts';

interface ServeOptions {
  io: SocketServerIo;
  valkey: { hub: ChannelHubOptions['subscriber'] };
  onError: (error: unknown) => void;
}

/** Emits signals of the system to the sockets of this replica that are in the channel. */
export function serveSystemSignals({ io, valkey: { hub: subscriber }, onError }: ServeOptions) {
  function onMessage(topic: string, text: string) {
    if (topic !== SIGNALS_TOPIC) return;
    try {
      for (const { tenantId, ...signal } of JSON.parse(text) as SystemSignal[]) {
        const room = io.local.to(roomOf(tenantId, signal.channel));
        room.emit('signal', { ...signal, from: SYSTEM_SENDER });
      }
    } catch (error) {
      onError(error);
    }
  }

  return {
    async start(): Promise<void> {
      subscriber.on('message', onMessage);
      await subscriber.subscribe(SIGNALS_TOPIC);
    },
    stop: () => void subscriber.off('message', onMessage),
  };
}
