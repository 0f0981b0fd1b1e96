import type { Id, PresentMember } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { newId } from '@insightdesk/shared/utils';
import type { Valkey } from '@insightdesk/shared/valkey';
import { type History, keysOf, limitsOf } from './channel-log.ts';
import { presenceDueScript, presenceScript } from './presence-script.ts';
import { TOPIC } from './publication.ts';
import type { Room } from './room.ts';

/** What a socket says of its holder; of several devices the one set last counts. */
export interface PresenceState {
  status: string;
  metadata: Record<string, unknown> | null;
  /** Milliseconds since 1970; 0 when nothing was set. */
  setAtMs: number;
}

/** Who is in the presence channels; what changes is told as `presence.changed` in their logs. */
export interface PresenceMembers {
  /** From now on this replica renews its own leases and tells what became of others'. */
  start(): void;
  /** A socket is in the channel, or says something new of itself. Never rejects: leases heal. */
  hold(room: Room, member: SocketOfUser, state: PresenceState): Promise<void>;
  /** It left on purpose (`left`, told at once) or was cut off (`lost`, told after a grace). */
  release(room: Room, member: SocketOfUser, how: 'left' | 'lost'): Promise<void>;
  /** Everyone in the channel by user id; throws UnavailableError without Valkey. */
  list(room: Room): Promise<PresentMember[]>;
  close(): Promise<void>;
}

export interface SocketOfUser {
  userId: Id<'usr'>;
  socketId: string;
}

export interface PresenceMembersOptions extends History {
  onError: (error: unknown) => void;
  /** How long a killed replica's members are still taken for present, up to `sweepMs` more. */
  leaseMs?: number;
  renewMs?: number;
  /** How long one that was cut off may take to come back unnoticed. */
  graceMs?: number;
  sweepMs?: number;
}

type Operation = 'hold' | 'renew' | 'leave' | 'linger' | 'sweep' | 'list';

const INDEX = 'presence:channels';
const SLICE_LENGTH = 100;

/** Builds one replica's share of the presence channels. */
export function createPresenceMembers(
  valkey: Valkey,
  options: PresenceMembersOptions,
): PresenceMembers {
  const { onError, leaseMs = 10_000, renewMs = 3_000, graceMs = 5_000, sweepMs = 1_000 } = options;
  valkey.defineCommand('presenceDue', { numberOfKeys: 1, lua: presenceDueScript });
  const apply = createApply(valkey, { ...options, leaseMs, graceMs });
  const held = new Map<Room, Map<string, PresenceState>>();
  const underWay = new Set<Promise<void>>();
  const timers: Timer[] = [];
  let sweepsFromMs = 0;

  /** Leases ran out while nobody could renew them: give everyone the time to do so first. */
  function onFailure(error: unknown) {
    sweepsFromMs = performance.now() + leaseMs;
    onError(error);
  }

  function quietly(work: Promise<unknown>): Promise<void> {
    const done = work.then(() => {}, onFailure).finally(() => underWay.delete(done));
    underWay.add(done);
    return done;
  }

  // All slices of a channel leave at once: whoever is released later is released after them.
  async function renew() {
    for (const [room, members] of held) {
      const pairs = [...members].map(([member, state]) => [member, toState(1, state)]);
      const slices = Array.from({ length: Math.ceil(pairs.length / SLICE_LENGTH) }, (_, i) =>
        pairs.slice(i * SLICE_LENGTH, (i + 1) * SLICE_LENGTH).flat(),
      );
      await Promise.all(slices.map((slice) => apply(room, 'renew', slice)));
    }
  }

  async function sweep() {
    const due = (await valkey.presenceDue(INDEX, SLICE_LENGTH)) as Room[];
    if (performance.now() < sweepsFromMs) return;
    for (const room of due) await apply(room, 'sweep');
  }

  return {
    start() {
      timers.push(setInterval(() => void quietly(renew()), renewMs));
      timers.push(setInterval(() => void quietly(sweep()), sweepMs));
    },
    hold(room, who, state) {
      const members = held.get(room) ?? new Map<string, PresenceState>();
      held.set(room, members.set(memberOf(who), state));
      return quietly(apply(room, 'hold', [memberOf(who), toState(1, state)]));
    },
    async release(room, who, how) {
      const members = held.get(room);
      const state = members?.get(memberOf(who));
      if (!members || !state) return;
      members.delete(memberOf(who));
      if (members.size === 0) held.delete(room);
      const operation = how === 'left' ? 'leave' : 'linger';
      await quietly(apply(room, operation, [memberOf(who), toState(0, state)]));
    },
    async list(room) {
      const texts = await apply(room, 'list').catch((cause: unknown) => {
        throw new UnavailableError('Who is here cannot be told now, try again', { cause });
      });
      const members = texts.map((text) => JSON.parse(text) as PresentMember);
      return members.sort((a, b) => (a.userId < b.userId ? -1 : 1));
    },
    async close() {
      timers.splice(0).forEach(clearInterval);
      await Promise.all(underWay);
    },
  };
}

/** One change of a channel by the script; `pairs` are member and state in turn. */
function createApply(
  valkey: Valkey,
  { leaseMs, graceMs, ...history }: History & { leaseMs: number; graceMs: number },
) {
  valkey.defineCommand('presenceApply', { numberOfKeys: 8, lua: presenceScript });
  const limitsFor = limitsOf(history);
  return (room: Room, operation: Operation, pairs: string[] = []) => {
    const idCount = operation === 'sweep' ? SLICE_LENGTH : pairs.length / 2;
    const ids = Array.from({ length: idCount }, () => newId('evt'));
    const at = new Date().toISOString();
    const head = [TOPIC, room, crypto.randomUUID(), ...limitsFor(room)];
    const how = [operation, leaseMs, graceMs, at, idCount];
    return valkey.presenceApply(...keysFor(room), ...head, ...how, ...ids, ...pairs);
  };
}

const memberOf = ({ userId, socketId }: SocketOfUser) => `${userId}|${socketId}`;

function toState(isOpen: 0 | 1, { status, metadata, setAtMs }: PresenceState): string {
  const fields = JSON.stringify({ status, metadata }).slice(1, -1);
  return `${isOpen}|${setAtMs}|${new Date().toISOString()}|${fields}`;
}

function keysFor(room: Room): string[] {
  const own = (name: string) => `presence:{${room}}:${name}`;
  return [...keysOf(room), own('leases'), own('states'), own('told'), INDEX];
}
