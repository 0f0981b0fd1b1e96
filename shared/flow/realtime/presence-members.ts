import type { Id, PresentMember } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { newId } from '@insightdesk/shared/utils';
import type { Valkey } from '@insightdesk/shared/valkey';
import { type History, keysOf, limitsOf } from './channel-log.ts';
import { presenceDueScript, presenceScript } from './presence-script.ts';
import { TOPIC } from './publication.ts';
import type { Room } from './room.ts';

/** The presence of one socket; of several sockets of a user the one set last counts. */
export interface PresenceState {
  status: string;
  metadata: Record<string, unknown> | null;
  /** Milliseconds since 1970; 0 when nothing was set. */
  setAtMs: number;
}

/** `disconnected` when the client may come back. */
export type LeaveReason = 'left' | 'disconnected';

/** The members of presence channels; changes are appended to their logs as `presence.changed`. */
export interface PresenceMembers {
  /** Begins to renew this replica's leases, and to remove members whose leases expired. */
  start(): void;
  /** Adds a socket to the channel, or changes its state. Never rejects: the renewal repeats it. */
  set(room: Room, member: SocketOfUser, state: PresenceState): Promise<void>;
  /** Removes a socket: at once when it left, after a grace period when it was disconnected. */
  remove(room: Room, member: SocketOfUser, reason: LeaveReason): Promise<void>;
  /** All members of the channel by user id; throws UnavailableError without Valkey. */
  list(room: Room): Promise<PresentMember[]>;
  close(): Promise<void>;
}

export interface SocketOfUser {
  userId: Id<'usr'>;
  socketId: string;
}

export interface PresenceMembersOptions extends History {
  onError: (error: unknown) => void;
  /** How long a killed replica's members stay present, up to `expiryCheckMs` more. */
  leaseMs?: number;
  renewMs?: number;
  /** How long a disconnected client may take to come back unnoticed. */
  graceMs?: number;
  expiryCheckMs?: number;
}

type Operation = 'set' | 'renew' | 'leave' | 'disconnect' | 'expire' | 'list';

export const PRESENCE_INDEX_KEY = 'presence:channels';
const SLICE_LENGTH = 100;

/** Creates one replica's part of the presence channels. */
export function createPresenceMembers(
  valkey: Valkey,
  options: PresenceMembersOptions,
): PresenceMembers {
  const { onError, leaseMs = 10_000, renewMs = 3_000 } = options;
  const { graceMs = 5_000, expiryCheckMs = 1_000 } = options;
  valkey.defineCommand('presenceDue', { numberOfKeys: 1, lua: presenceDueScript });
  const apply = createApply(valkey, { ...options, leaseMs, graceMs });
  const rooms = new Map<Room, Map<string, PresenceState>>();
  const pending = new Set<Promise<void>>();
  const timers: Timer[] = [];
  let expireFromMs = 0;

  /** Leases expired while no replica could renew them: every replica gets the time to do so first. */
  function onFailure(error: unknown) {
    expireFromMs = performance.now() + leaseMs;
    onError(error);
  }

  function track(work: Promise<unknown>): Promise<void> {
    const done = work.then(() => {}, onFailure).finally(() => pending.delete(done));
    pending.add(done);
    return done;
  }

  // All slices of a channel are sent at once: a later removal is applied after them.
  async function renew() {
    for (const [room, members] of rooms) {
      const pairs = [...members].map(([member, state]) => [member, toState(1, state)]);
      const slices = Array.from({ length: Math.ceil(pairs.length / SLICE_LENGTH) }, (_, i) =>
        pairs.slice(i * SLICE_LENGTH, (i + 1) * SLICE_LENGTH).flat(),
      );
      await Promise.all(slices.map((slice) => apply(room, 'renew', slice)));
    }
  }

  async function expire() {
    const due = (await valkey.presenceDue(PRESENCE_INDEX_KEY, SLICE_LENGTH)) as Room[];
    if (performance.now() < expireFromMs) return;
    for (const room of due) await apply(room, 'expire');
  }

  return {
    start() {
      timers.push(setInterval(() => void track(renew()), renewMs));
      timers.push(setInterval(() => void track(expire()), expiryCheckMs));
    },
    set(room, socket, state) {
      const members = rooms.get(room) ?? new Map<string, PresenceState>();
      rooms.set(room, members.set(memberOf(socket), state));
      return track(apply(room, 'set', [memberOf(socket), toState(1, state)]));
    },
    async remove(room, socket, reason) {
      const members = rooms.get(room);
      const state = members?.get(memberOf(socket));
      if (!members || !state) return;
      members.delete(memberOf(socket));
      if (members.size === 0) rooms.delete(room);
      const operation = reason === 'left' ? 'leave' : 'disconnect';
      await track(apply(room, operation, [memberOf(socket), toState(0, state)]));
    },
    async list(room) {
      const texts = await apply(room, 'list').catch((cause: unknown) => {
        throw new UnavailableError('Presence is temporarily unavailable, try again', { cause });
      });
      const members = texts.map((text) => JSON.parse(text) as PresentMember);
      return members.sort((a, b) => (a.userId < b.userId ? -1 : 1));
    },
    async close() {
      timers.splice(0).forEach(clearInterval);
      await Promise.all(pending);
    },
  };
}

/** Applies one change to a channel by the script; `pairs` are member and state in turn. */
function createApply(
  valkey: Valkey,
  { leaseMs, graceMs, ...history }: History & { leaseMs: number; graceMs: number },
) {
  valkey.defineCommand('presenceApply', { numberOfKeys: 7, lua: presenceScript });
  const limitsFor = limitsOf(history);
  return (room: Room, operation: Operation, pairs: string[] = []) => {
    const idCount = operation === 'expire' ? SLICE_LENGTH : pairs.length / 2;
    const ids = Array.from({ length: idCount }, () => newId('evt'));
    const at = new Date().toISOString();
    const appendArguments = [TOPIC, room, crypto.randomUUID(), ...limitsFor(room)];
    const presenceArguments = [operation, leaseMs, graceMs, at, idCount];
    return valkey.presenceApply(
      ...keysFor(room),
      ...appendArguments,
      ...presenceArguments,
      ...ids,
      ...pairs,
    );
  };
}

const memberOf = ({ userId, socketId }: SocketOfUser) => `${userId}|${socketId}`;

function toState(isOpen: 0 | 1, { status, metadata, setAtMs }: PresenceState): string {
  const fields = JSON.stringify({ status, metadata }).slice(1, -1);
  return `${isOpen}|${setAtMs}|${new Date().toISOString()}|${fields}`;
}

function keysFor(room: Room): string[] {
  const own = (name: string) => `presence:{${room}}:${name}`;
  return [...keysOf(room), own('leases'), own('states'), own('published'), PRESENCE_INDEX_KEY];
}
