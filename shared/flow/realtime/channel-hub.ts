import type { ChannelEvent, Position } from '@insightdesk/shared/contract';
import { mapConcurrent, retry } from '@insightdesk/shared/promises';
import type { Valkey } from '@insightdesk/shared/valkey';
import type { ChannelLog } from './channel-log.ts';
import { type Admit, HubChannel, type HubCounts, type HubEmit } from './hub-channel.ts';
import { readPublication, TOPIC } from './publication.ts';
import type { Room } from './room.ts';
import { shareReads } from './shared-reads.ts';

/** Hears of rooms that have no members here. */
export interface HubWatch {
  wants(room: Room): boolean;
  event(room: Room, event: ChannelEvent): void;
  /** Events may have passed unheard: ask the source of truth. */
  missed(): void;
}

export interface ChannelHubOptions {
  /** A connection of role `subscriber`; may be shared with other subscriptions. */
  subscriber: Valkey;
  log: ChannelLog;
  emit: HubEmit;
  watch?: HubWatch;
  onError: (error: unknown) => void;
  /** How often the subscriber is asked for a sign of life. */
  pingMs?: number;
}

/** One replica's share of the channels: what is appended anywhere reaches its members in order. */
export interface ChannelHub {
  /** Resolves when subscribed; members may join from then on. */
  start(): Promise<void>;
  /**
   * Admits a member with everything after its position and nothing twice; `admit` is called once.
   * Throws ConflictError when it left meanwhile, UnavailableError when the log cannot be read.
   */
  join(room: Room, id: string, after: Position | undefined, admit: Admit): Promise<void>;
  leave(room: Room, id: string): void;
  counts(): HubCounts & { channels: number };
  close(): Promise<void>;
}

const CONCURRENT_RECOVERIES = 32;

/** Builds the hub of a replica; it subscribes once, whatever the number of channels. */
export function createChannelHub(options: ChannelHubOptions): ChannelHub {
  const { subscriber, emit, watch, onError, pingMs = 2_000 } = options;
  const log = { ...options.log, read: shareReads(options.log.read) };
  const channels = new Map<Room, HubChannel>();
  const counts: HubCounts = { delivered: 0, catchUps: 0, resyncs: 0 };
  let pinging: Timer | undefined;
  let isClosed = false;

  const onMessage = (topic: string, text: string) => {
    if (topic !== TOPIC) return;
    try {
      const wants = (room: Room) => channels.has(room) || watch?.wants(room) === true;
      const read = readPublication(text, wants);
      if (!read) return;
      const { room, link } = read;
      channels.get(room)?.live(link);
      if (watch?.wants(room)) watch.event(room, link.event);
    } catch (error) {
      onError(error);
    }
  };

  // Whatever was published while the connection was away is fetched from the log.
  async function resume(): Promise<void> {
    const patience = { attempts: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 2_000 };
    const shouldRetry = (error: unknown) => {
      onError(error);
      return !isClosed;
    };
    await retry(() => subscriber.subscribe(TOPIC), { ...patience, shouldRetry });
    watch?.missed();
    await mapConcurrent([...channels.values()], CONCURRENT_RECOVERIES, (one) => one.recover());
  }
  const onReady = () => void resume().catch(onError);

  // A peer that went away silently is only noticed by asking: see the roles of valkey.
  const ping = () => {
    if (subscriber.status === 'ready') subscriber.ping().catch(onError);
  };

  function release(room: Room, channel: HubChannel) {
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
      const channel = channels.get(room) ?? new HubChannel({ room, log, emit, counts, onError });
      channels.set(room, channel);
      await channel.join(id, after, admit).finally(() => release(room, channel));
    },
    leave(room, id) {
      const channel = channels.get(room);
      channel?.leave(id);
      if (channel) release(room, channel);
    },
    counts: () => ({ ...counts, channels: channels.size }),
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
