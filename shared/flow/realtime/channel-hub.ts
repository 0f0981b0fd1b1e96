import type { Position } from '@insightdesk/shared/contract';
import { mapConcurrent, retry } from '@insightdesk/shared/promises';
import type { Valkey } from '@insightdesk/shared/valkey';
import type { ChannelLog } from './channel-log.ts';
import { type Admit, ChannelRoom, type HubEmitter, type HubStats } from './channel-room.ts';
import { coalesceReads } from './coalesce-reads.ts';
import { readPublication, TOPIC } from './publication.ts';
import type { Room } from './room.ts';

export interface ChannelHubOptions {
  /** A connection of role `subscriber`; may be shared with other subscriptions. */
  subscriber: Valkey;
  log: ChannelLog;
  emit: HubEmitter;
  onError: (error: unknown) => void;
  /** How often the subscriber is pinged. */
  pingMs?: number;
}

/** One replica's part of the channels: appended events reach its members in order. */
export interface ChannelHub {
  /** Resolves when subscribed; members may join from then on. */
  start(): Promise<void>;
  /**
   * Admits a member with all events after its position, none of them twice; `admit` is called once.
   * Throws ConflictError when it left meanwhile, UnavailableError when the log cannot be read.
   */
  join(room: Room, id: string, after: Position | undefined, admit: Admit): Promise<void>;
  leave(room: Room, id: string): void;
  stats(): HubStats & { channels: number };
  close(): Promise<void>;
}

const MAX_CONCURRENT_RECOVERIES = 32;

/** Creates the hub of a replica; it subscribes once, whatever the number of channels. */
export function createChannelHub(options: ChannelHubOptions): ChannelHub {
  const { subscriber, emit, onError, pingMs = 2_000 } = options;
  const log = { ...options.log, read: coalesceReads(options.log.read) };
  const channels = new Map<Room, ChannelRoom>();
  const stats: HubStats = { delivered: 0, catchUps: 0, resyncs: 0 };
  let pinging: Timer | undefined;
  let isClosed = false;

  const onMessage = (topic: string, text: string) => {
    if (topic !== TOPIC) return;
    try {
      const publication = readPublication(text, (room) => channels.has(room));
      if (publication) channels.get(publication.room)?.receive(publication.linked);
    } catch (error) {
      onError(error);
    }
  };

  // Events published while the connection was lost are read from the log.
  async function resume(): Promise<void> {
    const limits = { attempts: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 2_000 };
    const shouldRetry = (error: unknown) => {
      onError(error);
      return !isClosed;
    };
    await retry(() => subscriber.subscribe(TOPIC), { ...limits, shouldRetry });
    const all = [...channels.values()];
    await mapConcurrent(all, MAX_CONCURRENT_RECOVERIES, (channel) => channel.recover());
  }
  const onReady = () => void resume().catch(onError);

  // Only a ping notices a server that disappeared silently: see the roles of `valkey`.
  const ping = () => {
    if (subscriber.status === 'ready') subscriber.ping().catch(onError);
  };

  function deleteIfEmpty(room: Room, channel: ChannelRoom) {
    if (!channel.isEmpty || channels.get(room) !== channel) return;
    channel.close();
    channels.delete(room);
  }

  return {
    async start() {
      subscriber.on('message', onMessage);
      await subscriber.subscribe(TOPIC);
      subscriber.on('ready', onReady);
      pinging = setInterval(ping, pingMs);
    },
    async join(room, id, after, admit) {
      const channel = channels.get(room) ?? new ChannelRoom({ room, log, emit, stats, onError });
      channels.set(room, channel);
      await channel.join(id, after, admit).finally(() => deleteIfEmpty(room, channel));
    },
    leave(room, id) {
      const channel = channels.get(room);
      channel?.leave(id);
      if (channel) deleteIfEmpty(room, channel);
    },
    stats: () => ({ ...stats, channels: channels.size }),
    async close() {
      isClosed = true;
      clearInterval(pinging);
      subscriber.off('message', onMessage).off('ready', onReady);
      for (const channel of channels.values()) channel.close();
      channels.clear();
      if (subscriber.status === 'ready') await subscriber.unsubscribe(TOPIC);
    },
  };
}
