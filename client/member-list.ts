import type { PresenceChange, PresentMember } from '../shared/contract/shapes.ts';

export interface MemberChange {
  change: 'joined' | 'changed' | 'left';
  member: PresentMember;
}

type Members = ReadonlyMap<string, PresentMember>;

/**
 * The members of a presence channel: a list that is requested after each connect, and the changes
 * since. Changes that come before the list may be older or newer than it, so they are applied after
 * it, in order.
 */
export class MemberList {
  #members: Members = new Map();
  #isLoaded = false;
  #pendingChanges: PresenceChange[] | undefined = [];

  get all(): PresentMember[] {
    return [...this.#members.values()];
  }

  /** Collects changes from now on, until `load` is called. */
  startLoading(): void {
    this.#pendingChanges ??= [];
  }

  /** Replaces the list; returns the changes since the one before, undefined at first. */
  load(listed: readonly PresentMember[]): MemberChange[] | undefined {
    const before = this.#isLoaded ? this.#members : undefined;
    const members = new Map(listed.map((member) => [member.userId, member]));
    this.#members = applyChanges(members, this.#pendingChanges ?? []);
    this.#pendingChanges = undefined;
    this.#isLoaded = true;
    return before && changesBetween(before, this.#members);
  }

  apply(change: PresenceChange): MemberChange[] {
    if (this.#pendingChanges) {
      this.#pendingChanges.push(change);
      return [];
    }
    const before = this.#members;
    this.#members = applyChanges(before, [change]);
    return changesBetween(before, this.#members);
  }
}

function applyChanges(members: Members, changes: PresenceChange[]): Members {
  const result = new Map(members);
  for (const { change, lastSeenAt: _, ...member } of changes) {
    if (change === 'left') result.delete(member.userId);
    else result.set(member.userId, member);
  }
  return result;
}

function changesBetween(before: Members, after: Members): MemberChange[] {
  const stateOf = ({ status, metadata }: PresentMember) => JSON.stringify([status, metadata]);
  const changes: MemberChange[] = [];
  for (const [userId, member] of before) {
    const offline = { ...member, status: 'offline', metadata: null, connections: 0 };
    if (!after.has(userId)) changes.push({ change: 'left', member: offline });
  }
  for (const [userId, member] of after) {
    const previous = before.get(userId);
    if (!previous) changes.push({ change: 'joined', member });
    else if (stateOf(previous) !== stateOf(member)) changes.push({ change: 'changed', member });
  }
  return changes;
}
