import type { Id } from '@insightdesk/shared/contract';

/** A session, and as what it comes in. */
export interface Comer {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  sessionId: Id<'ses'>;
  standing: string;
  duringSetup: boolean;
}

/** Sessions that PostgreSQL let in a moment ago, so that a page's next requests need not be looked up. */
export interface Admissions {
  /** The organisation's epoch when it was let in: as long as that is the same, it would be again. */
  find(comer: Comer): Epoch | undefined;
  /** It was let in when it was asked for, at this time of `now`. */
  keep(comer: Comer, admission: Epoch & { at: number }): void;
  forget(sessionId: Id<'ses'>): void;
  now(): number;
}

/** How often somebody of the organisation lost something; null when nobody ever did. */
interface Epoch {
  epoch: string | null;
}

/** What ends by itself, as sessions and keys do, is in no epoch. */
const KEPT_MS = 500;
/** About 3 MB. */
const MAX_KEPT = 10_000;

/** Remembers for half a second who was let in; of so many, the newest. */
export function createAdmissions(now: () => number = () => performance.now()): Admissions {
  const known = new Map<Id<'ses'>, Comer & Epoch & { until: number }>();
  return {
    find(comer) {
      const kept = known.get(comer.sessionId);
      return kept && kept.until > now() && isSame(kept, comer) ? kept : undefined;
    },
    keep(comer, { epoch, at }) {
      if (known.size >= MAX_KEPT) known.clear();
      known.set(comer.sessionId, { ...comer, epoch, until: at + KEPT_MS });
    },
    forget: (sessionId) => void known.delete(sessionId),
    now,
  };
}

const isSame = (kept: Comer, comer: Comer) =>
  kept.tenantId === comer.tenantId &&
  kept.userId === comer.userId &&
  kept.standing === comer.standing &&
  kept.duringSetup === comer.duringSetup;
