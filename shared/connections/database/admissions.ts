import { fromUuid, type Id } from '@insightdesk/shared/contract';

/** A session, and as what it comes in. */
export interface Comer {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  sessionId: Id<'ses'>;
  standing: string;
  duringSetup: boolean;
}

/** What is known of a comer: let in a moment ago, or `keep` says so once it is. */
export interface Admission {
  isKnown: boolean;
  keep(): void;
}

/**
 * Sessions that PostgreSQL let in a moment ago, so that a page's next requests need not ask again.
 * Nothing is kept before `begin`; what may do less is to be told to `forget`, and whatever is not
 * told is forgotten by itself after half a second.
 */
export interface Admissions {
  of(comer: Comer): Admission;
  begin(): void;
  /** Takes what the channel `access` says: '<tenant> <person>', or '<tenant>' for all of it. */
  forget(notice: string): void;
}

const KEPT_MS = 500;
/** About 2 MB. */
const MAX_KEPT = 10_000;
const UUID_LENGTH = 36;

type Kept = Comer & { until: number };

const unknown: Admission = { isKnown: false, keep() {} };

export function createAdmissions(now: () => number = () => performance.now()): Admissions {
  const tenants = new Map<Id<'org'>, Map<Id<'ses'>, Kept>>();
  let isBegun = false;
  let size = 0;

  function clear(): void {
    tenants.clear();
    size = 0;
  }

  function makeRoom(): void {
    if (++size > MAX_KEPT) clear();
  }

  function sessionsOf(tenantId: Id<'org'>): Map<Id<'ses'>, Kept> {
    const known = tenants.get(tenantId);
    if (known) return known;
    makeRoom();
    const sessions = new Map<Id<'ses'>, Kept>();
    tenants.set(tenantId, sessions);
    return sessions;
  }

  return {
    of(comer) {
      if (!isBegun) return unknown;
      const at = now();
      // What is forgotten while the answer is under way takes this map out of use.
      const sessions = sessionsOf(comer.tenantId);
      const kept = sessions.get(comer.sessionId);
      if (kept && kept.until > at && isSame(kept, comer)) return { isKnown: true, keep() {} };
      return {
        isKnown: false,
        keep() {
          makeRoom();
          sessions.set(comer.sessionId, { ...comer, until: at + KEPT_MS });
        },
      };
    },
    begin() {
      clear();
      isBegun = true;
    },
    forget: (notice) => void tenants.delete(fromUuid('org', notice.slice(0, UUID_LENGTH))),
  };
}

const isSame = (kept: Comer, comer: Comer) =>
  kept.userId === comer.userId &&
  kept.standing === comer.standing &&
  kept.duringSetup === comer.duringSetup;
