import type { Id, Position, Snapshot } from '@insightdesk/shared/contract';
import { NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import type { Valkey } from '@insightdesk/shared/valkey';
import { appendScript, readScript } from './channel-scripts.ts';
import { type Link, TOPIC, toLink } from './publication.ts';
import { type Room, roomOf, tenantOf } from './room.ts';

/** An event on its way into a channel; `at` is ISO 8601. */
export interface ChannelEntry {
  tenantId: Id<'org'>;
  channel: string;
  id: string;
  type: string;
  data: unknown;
  at: string;
  /** `traceparent` of a trace that is recorded; no reader sees it. */
  trace?: string | undefined;
}

/** Where an entry is; `isKnown` when an earlier append had put it there. */
export interface Appended extends Position {
  isKnown: boolean;
}

/** One bounded stretch of a log: `offset` is its end, `hasMore` what lies behind it. */
export interface LogPage extends Position {
  recovered: boolean;
  hasMore: boolean;
  links: Link[];
}

/** How much of a channel is kept, and of all channels of an organisation together. */
export interface History {
  historyLength: number;
  historySeconds: number;
  /** Of one channel; 8 MB unless said. */
  historyBytes?: number;
  /** Of all channels of an organisation; 64 MB unless said. */
  budgetOf?: (tenantId: Id<'org'>) => number;
}

/** The durable memory of the channels. */
export interface ChannelLog {
  /**
   * Appends and publishes in order, at most once per room and id, in one round trip per 500
   * entries; throws NetworkError when any channel refused, after which a repetition is harmless.
   */
  append(entries: readonly ChannelEntry[]): Promise<Appended[]>;
  /**
   * Everything after a position, or `recovered: false` when that is not there or too much; throws
   * UnavailableError when Valkey does not answer, or lost its logs and has not been refilled.
   */
  read(room: Room, after?: Position): Promise<Snapshot>;
  /** The next stretch after a position; `recovered: false` when the log does not reach back. */
  readPage(room: Room, after?: Position): Promise<LogPage>;
}

const SLICE_LENGTH = 500;
const MAX_EVENTS = 500;
const MAX_BYTES = 1_000_000;
/** A message of 50,000 control characters is 300 KB of JSON; one of any language is smaller. */
const MAX_ENTRY_BYTES = 262_144;
const CHANNEL_BYTES = 8 * 1024 * 1024;
const ORGANIZATION_BYTES = 64 * 1024 * 1024;
/** How much longer than its entries a channel's epoch lives, so that a quiet channel keeps it. */
const EPOCH_GRACE_MS = 7 * 24 * 60 * 60 * 1_000;

/** Opens the channel logs kept in Valkey; each holds the newest entries up to a length and an age. */
export function createChannelLog(valkey: Valkey, history: History): ChannelLog {
  const limitsFor = limitsOf(history);
  const { ttlMs } = lifetimes(history);
  valkey.defineCommand('channelAppend', { numberOfKeys: 4, lua: appendScript });
  valkey.defineCommand('channelRead', { numberOfKeys: 2, lua: readScript });

  async function appendSlice(entries: readonly ChannelEntry[]): Promise<Appended[]> {
    const pipeline = valkey.pipeline();
    const rooms = entries.map(({ tenantId, channel }) => roomOf(tenantId, channel));
    const groups = Map.groupBy(rooms.keys(), (i) => rooms[i] as Room);
    for (const [room, indexes] of groups) {
      const pairs = indexes.flatMap((i) => toPair(entries[i] as ChannelEntry));
      const head = [TOPIC, room, newEpoch(), ...limitsFor(room)];
      pipeline.channelAppend(...keysOf(room), ...head, ...pairs);
    }
    const replies = successes(await pipeline.exec());
    const places: Appended[] = [];
    for (const [group, indexes] of [...groups.values()].entries()) {
      const [epoch = '', ...pairs] = replies[group] ?? [];
      for (const [i, index] of indexes.entries()) {
        const isKnown = Number(pairs[2 * i + 1]) === 1;
        places[index] = { epoch: String(epoch), offset: Number(pairs[2 * i]), isKnown };
      }
    }
    return places;
  }

  async function readPage(room: Room, after?: Position): Promise<LogPage> {
    const [meta, log] = keysOf(room);
    const from = after ? [after.epoch, after.offset] : ['', 0];
    const limits = [ttlMs, MAX_EVENTS, MAX_BYTES];
    const reply = await valkey
      .channelRead(meta, log, newEpoch(), ...limits, ...from)
      .catch((cause: unknown) => {
        throw new UnavailableError('The channel cannot be read now, try again', { cause });
      });
    const [epoch = '', head, recovered, more, ...parts] = reply.map(String);
    const links: Link[] = [];
    for (let i = 0; i + 2 < parts.length; i += 3) {
      links.push(toLink(epoch, parts[i] ?? '', parts[i + 1] ?? '', parts[i + 2] ?? ''));
    }
    const hasMore = more === '1';
    const offset = hasMore ? (links.at(-1)?.event.offset ?? 0) : Number(head);
    return { epoch, offset, recovered: recovered === '1', hasMore, links };
  }

  return {
    async append(entries) {
      const places: Appended[] = [];
      for (let i = 0; i < entries.length; i += SLICE_LENGTH) {
        places.push(...(await appendSlice(entries.slice(i, i + SLICE_LENGTH))));
      }
      return places;
    },
    readPage,
    async read(room, after) {
      const page = await readPage(room, after);
      if (!page.hasMore) return toSnapshot(page);
      return toSnapshot(await readPage(room));
    },
  };
}

/** How long entries live, and their channel's epoch, in milliseconds. */
export function lifetimes({ historySeconds }: History) {
  const historyMs = historySeconds * 1_000;
  return { historyMs, ttlMs: historyMs + EPOCH_GRACE_MS };
}

/** What of a room is kept, in bytes as they are stored. */
export const bytesOf = ({ historyBytes = CHANNEL_BYTES, budgetOf }: History, room: Room) => ({
  entry: Math.min(MAX_ENTRY_BYTES, historyBytes),
  channel: historyBytes,
  organization: budgetOf?.(tenantOf(room)) ?? ORGANIZATION_BYTES,
});

/** The bounds that the append script takes: length, lifetimes in ms, then bytes. */
export function limitsOf(history: History): (room: Room) => number[] {
  const { historyMs, ttlMs } = lifetimes(history);
  return (room) => {
    const { entry, channel, organization } = bytesOf(history, room);
    return [history.historyLength, historyMs, ttlMs, entry, channel, organization];
  };
}

// The hash tag keeps a channel's keys together; the ledger of its organisation makes that one server.
export function keysOf(room: Room): [meta: string, log: string, seen: string, ledger: string] {
  const own = `realtime:{${room}}`;
  return [own, `${own}:log`, `${own}:seen`, ledgerOf(tenantOf(room))];
}

const ledgerOf = (tenantId: Id<'org'>) => `realtime:bytes:${tenantId}`;

/** The bytes that the channel logs of each of these organisations hold. */
export async function heldBytes(
  valkey: Pick<Valkey, 'pipeline'>,
  tenantIds: readonly Id<'org'>[],
): Promise<number[]> {
  const pipeline = valkey.pipeline();
  for (const tenantId of tenantIds) pipeline.zscore(ledgerOf(tenantId), '');
  return ((await pipeline.exec()) ?? []).map(([, held]) => Math.max(0, Number(held ?? 0)));
}

export function toPair(entry: ChannelEntry): [id: string, body: string] {
  const { channel, id, type, data, at, trace } = entry;
  return [id, JSON.stringify({ id, channel, type, data: data ?? null, at, trace })];
}

function toSnapshot({ epoch, offset, recovered, links }: LogPage): Snapshot {
  return { epoch, offset, recovered, events: links.map(({ event }) => event) };
}

function newEpoch(): string {
  return crypto.randomUUID();
}

export function successes(replies: [error: Error | null, reply: unknown][] | null): unknown[][] {
  const errors = (replies ?? []).flatMap(([error]) => error ?? []);
  if (replies && errors.length === 0) return replies.map(([, reply]) => reply as unknown[]);
  throw new NetworkError(`${errors.length} channels took no entries`, {
    cause: new AggregateError(errors),
  });
}
