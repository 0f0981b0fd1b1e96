import type { Position } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';
import {
  bytesOf,
  type ChannelEntry,
  type History,
  keysOf,
  lifetimes,
  MAX_PIPELINE_BYTES,
  successes,
  toPair,
} from './channel-log.ts';
import { RESTORED_KEY, rebuildScript, restoredScript } from './channel-scripts.ts';
import { TOPIC } from './publication.ts';
import { type Room, roomOf } from './room.ts';
import { ENTRY_OVERHEAD_BYTES } from './usage-script.ts';

/** An entry with the position that an append gave it. */
export type PositionedEntry = ChannelEntry & Position;

/** Restores the channel logs, or their newest entries, after Valkey has lost them. */
export interface ChannelRebuild {
  /** False when logs were lost since the last rebuild, or the newest entries by a restart. */
  isComplete(): Promise<boolean>;
  /**
   * Restores entries at their positions, then lets unknown channels start over. Resolves with the
   * number of restored channels. Throws NetworkError; repeating the call is safe.
   */
  rebuild(entries: readonly PositionedEntry[]): Promise<number>;
}

const CHANNELS_PER_PIPELINE = 50;

/** Creates the rebuild of the channel logs in a Valkey. */
export function createChannelRebuild(valkey: Valkey, history: History): ChannelRebuild {
  const { historyMs, ttlMs } = lifetimes(history);
  valkey.defineCommand('channelRebuild', { numberOfKeys: 3, lua: rebuildScript });
  valkey.defineCommand('channelRestored', { numberOfKeys: 1, lua: restoredScript });

  async function rebuildRooms(rooms: [Room, PositionedEntry[]][]): Promise<number> {
    let pipeline = valkey.pipeline();
    let bytesQueued = 0;
    let count = 0;
    async function flush() {
      const replies = successes(await pipeline.exec());
      count += replies.filter((reply) => Number(reply) === 1).length;
      pipeline = valkey.pipeline();
      bytesQueued = 0;
    }
    for (const [room, entries] of rooms) {
      const bytes = bytesOf(history, room);
      const newest = newestWithin(entries, history.historyLength, bytes);
      const [{ epoch } = { epoch: '' }] = entries;
      const last = Math.max(...entries.map(({ offset }) => offset));
      const { organization, total } = bytes;
      const head = [room, epoch, historyMs, ttlMs, organization, total, last, TOPIC];
      if (newest.length === 0) continue;
      pipeline.channelRebuild(...keysOf(room), ...head, ...newest.flat());
      bytesQueued += newest.reduce((sum, [, , , , body]) => sum + body.length, 0);
      if (bytesQueued > MAX_PIPELINE_BYTES || pipeline.length >= CHANNELS_PER_PIPELINE) {
        await flush();
      }
    }
    await flush();
    return count;
  }

  return {
    isComplete: async () => (await valkey.channelRestored(RESTORED_KEY))[1] === 1,
    async rebuild(entries) {
      // A server that restarts meanwhile may lose the restored entries again.
      const [run] = await valkey.channelRestored(RESTORED_KEY);
      const all = [
        ...Map.groupBy(entries, ({ tenantId, channel }) => roomOf(tenantId, channel)),
      ].filter(hasOneEpoch);
      const count = await rebuildRooms(all);
      await valkey.set(RESTORED_KEY, run);
      return count;
    },
  };
}

// The order of two epochs is unknown: such a channel starts over with a third one.
function hasOneEpoch([, entries]: [string, PositionedEntry[]]): boolean {
  return entries.every(({ epoch }) => epoch === entries[0]?.epoch);
}

/** The arguments of the newest entries, as many as a log may hold, without those that are too large. */
function newestWithin(
  entries: readonly PositionedEntry[],
  length: number,
  { entry: entryBytes, channel: channelBytes }: ReturnType<typeof bytesOf>,
): EntryArguments[] {
  const newest: EntryArguments[] = [];
  let remaining = channelBytes;
  for (const entry of entries.toSorted((a, b) => b.offset - a.offset).slice(0, length)) {
    const args = toArguments(entry);
    const size = Buffer.byteLength(args[4]) + ENTRY_OVERHEAD_BYTES;
    if (size > entryBytes) continue;
    remaining -= size;
    if (remaining < 0) break;
    newest.unshift(args);
  }
  return newest;
}

type EntryArguments = [offset: number, prev: number, id: string, atMs: number, body: string];

/**
 * The predecessor is assumed to be the offset before. Where offsets jumped, or an entry is missing,
 * no position matches then, and clients before the missing entry get a gap.
 */
function toArguments(entry: PositionedEntry): EntryArguments {
  const [id, body] = toPair(entry);
  return [entry.offset, entry.offset - 1, id, Date.parse(entry.at), body];
}
