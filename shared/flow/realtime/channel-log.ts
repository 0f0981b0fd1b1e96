import type { Id, Position, Snapshot } from '@insightdesk/shared/contract';
import { NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import type { Valkey } from '@insightdesk/shared/valkey';
import { appendScript, readScript } from './channel-scripts.ts';
import { type LinkedEvent, TOPIC, toLinkedEvent } from './publication.ts';
import { type Room, roomOf, tenantOf } from './room.ts';
import { ENTRY_OVERHEAD_BYTES } from './usage-script.ts';

/** An event to append to a channel; `at` is ISO 8601. */
export interface ChannelEntry {
  tenantId: Id<'org'>;
  channel: string;
  id: string;
  type: string;
  data: unknown;
  at: string;
  /** `traceparent` of a recorded trace; readers do not get it. */
  trace?: string | undefined;
}

/** The position of an entry; `isDuplicate` when an earlier append had stored it. */
export interface AppendResult extends Position {
  isDuplicate: boolean;
}

/** One page of a log: `offset` is its end, `hasMore` whether events follow. */
export interface LogPage extends Position {
  recovered: boolean;
  hasMore: boolean;
  /** Of all its events. */
  bytes: number;
  events: LinkedEvent[];
}

/** A snapshot, and the bytes of its events. */
export interface LogSnapshot extends Snapshot {
  bytes: number;
}

/** How much of the logs is retained. */
export interface History {
  historyLength: number;
  historySeconds: number;
  /** Per channel; 8 MB by default. */
  historyBytes?: number;
  /** Bytes of all channels of an organization; 64 MB by default. */
  budgetOf?: (tenantId: Id<'org'>) => number;
  /** Bytes of all channels of all organizations; 128 MB by default. */
  totalBytes?: () => number;
}

/** The durable logs of the channels. */
export interface ChannelLog {
  /**
   * Appends and publishes in order, at most once per room and id, in one round trip per 500
   * entries. Throws NetworkError when any channel fails; repeating the call is safe.
   */
  append(entries: readonly ChannelEntry[]): Promise<AppendResult[]>;
  /**
   * All events after a position, or `recovered: false` when the log does not reach back or they are
   * too many. Throws UnavailableError when Valkey does not answer, or lost its logs and they are not
   * rebuilt yet.
   */
  read(room: Room, after?: Position): Promise<LogSnapshot>;
  /** The next page after a position; `recovered: false` when the log does not reach back. */
  readPage(room: Room, after?: Position): Promise<LogPage>;
}

const SLICE_LENGTH = 500;
/** A pipeline must not take longer than the timeout of its commands. */
export const MAX_PIPELINE_BYTES = 4 * 1024 * 1024;
const MAX_PAGE_EVENTS = 500;
const MAX_PAGE_BYTES = 1_000_000;
/** A message of 50,000 control characters is 300 KB of JSON; one of any language is smaller. */
const MAX_ENTRY_BYTES = 262_144;
const DEFAULT_CHANNEL_BYTES = 8 * 1024 * 1024;
const DEFAULT_ORGANIZATION_BYTES = 64 * 1024 * 1024;
const DEFAULT_TOTAL_BYTES = 128 * 1024 * 1024;
/** A channel's epoch lives this much longer than its entries, so that quiet channels keep it. */
const EPOCH_GRACE_MS = 7 * 24 * 60 * 60 * 1_000;

/** Creates the channel logs in Valkey; each holds the newest entries up to a length and an age. */
export function createChannelLog(valkey: Valkey, history: History): ChannelLog {
  const limitsFor = limitsOf(history);
  const { ttlMs } = lifetimes(history);
  valkey.defineCommand('channelAppend', { numberOfKeys: 3, lua: appendScript });
  valkey.defineCommand('channelRead', { numberOfKeys: 2, lua: readScript });

  async function appendSlice(slice: readonly SerializedEntry[]): Promise<AppendResult[]> {
    const pipeline = valkey.pipeline();
    const rooms = slice.map(({ room }) => room);
    const groups = Map.groupBy(rooms.keys(), (i) => rooms[i] as Room);
    for (const [room, indexes] of groups) {
      const pairs = indexes.flatMap((i) => slice[i]?.pair ?? []);
      const head = [TOPIC, room, newEpoch(), ...limitsFor(room)];
      pipeline.channelAppend(...keysOf(room), ...head, ...pairs);
    }
    const replies = successes(await pipeline.exec());
    const results: AppendResult[] = [];
    for (const [group, indexes] of [...groups.values()].entries()) {
      const [epoch = '', ...pairs] = replies[group] ?? [];
      for (const [i, index] of indexes.entries()) {
        const isDuplicate = Number(pairs[2 * i + 1]) === 1;
        results[index] = { epoch: String(epoch), offset: Number(pairs[2 * i]), isDuplicate };
      }
    }
    return results;
  }

  async function readPage(room: Room, after?: Position): Promise<LogPage> {
    const [meta, log] = keysOf(room);
    const from = after ? [after.epoch, after.offset] : ['', 0];
    const limits = [ttlMs, MAX_PAGE_EVENTS, MAX_PAGE_BYTES];
    const reply = await valkey
      .channelRead(meta, log, newEpoch(), ...limits, ...from)
      .catch((cause: unknown) => {
        throw new UnavailableError('The channel cannot be read now, try again', { cause });
      });
    const [epoch = '', head, recovered, more, ...parts] = reply.map(String);
    const events: LinkedEvent[] = [];
    let bytes = 0;
    for (let i = 0; i + 2 < parts.length; i += 3) {
      events.push(toLinkedEvent(epoch, parts[i] ?? '', parts[i + 1] ?? '', parts[i + 2] ?? ''));
      bytes += ENTRY_OVERHEAD_BYTES + (parts[i + 2]?.length ?? 0);
    }
    const hasMore = more === '1';
    const offset = hasMore ? (events.at(-1)?.event.offset ?? 0) : Number(head);
    return { epoch, offset, recovered: recovered === '1', hasMore, bytes, events };
  }

  return {
    async append(entries) {
      const results: AppendResult[] = [];
      for (const slice of slicesOf(entries)) results.push(...(await appendSlice(slice)));
      return results;
    },
    readPage,
    async read(room, after) {
      const page = await readPage(room, after);
      if (!page.hasMore) return toSnapshot(page);
      // What was read counts, although it is too much for one answer.
      return { ...toSnapshot(await readPage(room)), bytes: page.bytes };
    },
  };
}

/** Milliseconds that entries and their channel's epoch live. */
export function lifetimes({ historySeconds }: History) {
  const historyMs = historySeconds * 1_000;
  return { historyMs, ttlMs: historyMs + EPOCH_GRACE_MS };
}

/** The limits of a room, in bytes as they are stored. */
export const bytesOf = (
  { historyBytes = DEFAULT_CHANNEL_BYTES, budgetOf, totalBytes }: History,
  room: Room,
) => ({
  entry: Math.min(MAX_ENTRY_BYTES, historyBytes),
  channel: historyBytes,
  organization: budgetOf?.(tenantOf(room)) ?? DEFAULT_ORGANIZATION_BYTES,
  total: totalBytes?.() ?? DEFAULT_TOTAL_BYTES,
});

/** The limits that the append script takes: length, lifetimes in ms, then bytes. */
export function limitsOf(history: History): (room: Room) => number[] {
  const { historyMs, ttlMs } = lifetimes(history);
  return (room) => {
    const { entry, channel, organization, total } = bytesOf(history, room);
    return [history.historyLength, historyMs, ttlMs, entry, channel, organization, total];
  };
}

// The hash tag keeps a channel's keys on one server; the usage of organizations must be there, too.
export function keysOf(room: Room): [meta: string, log: string, seen: string] {
  const own = `realtime:{${room}}`;
  return [own, `${own}:log`, `${own}:seen`];
}

interface SerializedEntry {
  room: Room;
  pair: [id: string, body: string];
}

/** The entries in slices, limited in number and bytes. */
function* slicesOf(entries: readonly ChannelEntry[]): Generator<SerializedEntry[]> {
  let slice: SerializedEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const pair = toPair(entry);
    slice.push({ room: roomOf(entry.tenantId, entry.channel), pair });
    bytes += pair[1].length;
    if (slice.length < SLICE_LENGTH && bytes < MAX_PIPELINE_BYTES) continue;
    yield slice;
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) yield slice;
}

export function toPair(entry: ChannelEntry): [id: string, body: string] {
  const { channel, id, type, data, at, trace } = entry;
  return [id, JSON.stringify({ id, channel, type, data: data ?? null, at, trace })];
}

function toSnapshot({ epoch, offset, recovered, bytes, events }: LogPage): LogSnapshot {
  return { epoch, offset, recovered, bytes, events: events.map(({ event }) => event) };
}

function newEpoch(): string {
  return crypto.randomUUID();
}

export function successes(replies: [error: Error | null, reply: unknown][] | null): unknown[][] {
  const errors = (replies ?? []).flatMap(([error]) => error ?? []);
  if (replies && errors.length === 0) return replies.map(([, reply]) => reply as unknown[]);
  throw new NetworkError(`Appending to ${errors.length} channels failed`, {
    cause: new AggregateError(errors),
  });
}
