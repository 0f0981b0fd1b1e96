import type { PresenceChange, PresentMember } from '../shared/contract/shapes.ts';

/** What became of one member. */
export interface MemberChange {
  change: 'joined' | 'changed' | 'left';
  member: PresentMember;
}

type Members = ReadonlyMap<string, PresentMember>;

/**
 * Who is here: a list that is asked for after each connect, and what came since. Changes that come
 * while a list is awaited may be older or newer than it, so they are applied after it, in order.
 */
export class MemberList {
  #members: Members = new Map();
  #isListed = false;
  #waiting: PresenceChange[] | undefined = [];

  get all(): PresentMember[] {
    return [...this.#members.values()];
  }

  /** A list is about to be asked for. */
  await(): void {
    this.#waiting ??= [];
  }

  /** Takes the list: what has become of the members since the one before, undefined at first. */
  list(listed: readonly PresentMember[]): MemberChange[] | undefined {
    const before = this.#isListed ? this.#members : undefined;
    const members = new Map(listed.map((member) => [member.userId, member]));
    this.#members = applied(members, this.#waiting ?? []);
    this.#waiting = undefined;
    this.#isListed = true;
    return before && changesBetween(before, this.#members);
  }

  change(change: PresenceChange): MemberChange[] {
    if (this.#waiting) {
      this.#waiting.push(change);
      return [];
    }
    const before = this.#members;
    this.#members = applied(before, [change]);
    return changesBetween(before, this.#members);
  }
}

function applied(members: Members, changes: PresenceChange[]): Members {
  const result = new Map(members);
  for (const { change, lastSeenAt: _, ...member } of changes) {
    if (change === 'left') result.delete(member.userId);
    else result.set(member.userId, member);
  }
  return result;
}

function changesBetween(before: Members, after: Members): MemberChange[] {
  const told = ({ status, metadata }: PresentMember) => JSON.stringify([status, metadata]);
  const changes: MemberChange[] = [];
  for (const [userId, member] of before) {
    const gone = { ...member, status: 'offline', metadata: null, connections: 0 };
    if (!after.has(userId)) changes.push({ change: 'left', member: gone });
  }
  for (const [userId, member] of after) {
    const known = before.get(userId);
    if (!known) changes.push({ change: 'joined', member });
    else if (told(known) !== told(member)) changes.push({ change: 'changed', member });
  }
  return changes;
}
