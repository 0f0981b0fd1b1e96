import type { Position } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';
import {
  bytesOf,
  type ChannelEntry,
  type History,
  keysOf,
  lifetimes,
  successes,
  toPair,
} from './channel-log.ts';
import { FILLED_KEY, filledScript, refillScript } from './channel-scripts.ts';
import { ENTRY_OVERHEAD_BYTES } from './ledger-script.ts';
import { TOPIC } from './publication.ts';
import { type Room, roomOf } from './room.ts';

/** An entry with the place that an append once gave it. */
export type PlacedEntry = ChannelEntry & Position;

/** Brings the channel logs, or their newest entries, back after Valkey has lost them. */
export interface ChannelRefill {
  /** Whether nothing was lost since the last refill, neither the logs nor the newest of a server that restarted. */
  isFilled(): Promise<boolean>;
  /**
   * Puts entries where they were, then lets unknown channels begin anew; resolves with the number
   * of channels that came back. Throws NetworkError, after which a repetition is harmless.
   */
  refill(entries: readonly PlacedEntry[]): Promise<number>;
}

const CHANNELS_PER_TRIP = 50;

/** Opens the way back into the channel logs of a Valkey. */
export function createChannelRefill(valkey: Valkey, history: History): ChannelRefill {
  const { historyMs, ttlMs } = lifetimes(history);
  valkey.defineCommand('channelRefill', { numberOfKeys: 4, lua: refillScript });
  valkey.defineCommand('channelFilled', { numberOfKeys: 1, lua: filledScript });

  async function refillSome(rooms: [Room, PlacedEntry[]][]): Promise<number> {
    const pipeline = valkey.pipeline();
    for (const [room, entries] of rooms) {
      const bytes = bytesOf(history, room);
      const newest = newestWithin(entries, history.historyLength, bytes);
      const [{ epoch } = { epoch: '' }] = entries;
      const last = Math.max(...entries.map(({ offset }) => offset));
      const head = [room, epoch, historyMs, ttlMs, bytes.organization, last, TOPIC];
      if (newest.length > 0) pipeline.channelRefill(...keysOf(room), ...head, ...newest.flat());
    }
    const replies = successes(await pipeline.exec());
    return replies.filter((reply) => Number(reply) === 1).length;
  }

  return {
    isFilled: async () => (await valkey.channelFilled(FILLED_KEY))[1] === 1,
    async refill(entries) {
      // One that restarts meanwhile may lose again what was put back.
      const [run] = await valkey.channelFilled(FILLED_KEY);
      const all = [
        ...Map.groupBy(entries, ({ tenantId, channel }) => roomOf(tenantId, channel)),
      ].filter(isOfOneEpoch);
      let count = 0;
      for (let i = 0; i < all.length; i += CHANNELS_PER_TRIP) {
        count += await refillSome(all.slice(i, i + CHANNELS_PER_TRIP));
      }
      await valkey.set(FILLED_KEY, run);
      return count;
    },
  };
}

// Which of two epochs came last is not worth guessing: such a channel begins a third.
function isOfOneEpoch([, entries]: [string, PlacedEntry[]]): boolean {
  return entries.every(({ epoch }) => epoch === entries[0]?.epoch);
}

/** The newest entries in words, as many as a log may hold; what is too large leaves a hole. */
function newestWithin(
  entries: readonly PlacedEntry[],
  length: number,
  { entry: entryBytes, channel: channelBytes }: ReturnType<typeof bytesOf>,
): Words[] {
  const kept: Words[] = [];
  let left = channelBytes;
  for (const entry of entries.toSorted((a, b) => b.offset - a.offset).slice(0, length)) {
    const words = toWords(entry);
    const size = Buffer.byteLength(words[4]) + ENTRY_OVERHEAD_BYTES;
    if (size > entryBytes) continue;
    left -= size;
    if (left < 0) break;
    kept.unshift(words);
  }
  return kept;
}

type Words = [offset: number, prev: number, id: string, atMs: number, body: string];

/**
 * The predecessor is taken to be the offset before. Where offsets jumped, or an entry is missing
 * here, nobody's position matches then, and whoever stands before the hole is told of a gap.
 */
function toWords(entry: PlacedEntry): Words {
  const [id, body] = toPair(entry);
  return [entry.offset, entry.offset - 1, id, Date.parse(entry.at), body];
}
