import type { Id } from '@insightdesk/shared/contract';
import { retry } from '@insightdesk/shared/promises';
import type { AccessHolder } from './access.ts';
import { isRefusal, type SessionVerifier } from './session-verifier.ts';

/** Access was revoked: of one user, or of any user of the organisation. */
export interface Revocation {
  tenantId: Id<'org'>;
  /** The organisation's generation since then; the next revocation has the next number. */
  generation: number;
  userId?: Id<'usr'> | undefined;
}

/** Closes sockets whose access is no longer what their token says. */
export interface RevocationWatcher {
  add(holder: AccessHolder): void;
  delete(holder: AccessHolder): void;
  /** Verifies the sockets concerned again; all of the organisation when a revocation was missed. */
  onRevocation(revocation: Revocation): void;
  /** Compares the generations with the database: revocations may have been missed. */
  compare(): Promise<void>;
  close(): void;
}

export interface RevocationWatcherOptions {
  sessions: SessionVerifier;
  onError: (error: unknown) => void;
  /** How often generations are compared. */
  compareMs?: number;
}

interface Organization {
  holders: Set<AccessHolder>;
  /** All revocations up to this generation are known here. */
  generation: number | undefined;
  isVerifying: boolean;
}

/**
 * Every revocation raises the generation of its organisation in the same transaction, by triggers,
 * and PostgreSQL notifies of it. A notification that is missed, because LISTEN is interrupted or
 * impossible, leaves a generation that differs from the database's, which is compared regularly.
 */
export function createRevocationWatcher({
  sessions,
  onError,
  compareMs = 500,
}: RevocationWatcherOptions): RevocationWatcher {
  const organizations = new Map<Id<'org'>, Organization>();
  let comparing: Promise<void> | undefined;
  let hasFailed = false;
  let isClosed = false;

  function advance(
    organization: Organization,
    generation: number,
    isConcerned: (holder: AccessHolder) => boolean,
  ): void {
    // An organisation that was deleted has none.
    const isReset = generation < (organization.generation ?? 0);
    organization.generation = generation;
    for (const holder of organization.holders) {
      if (!isConcerned(holder)) continue;
      holder.requiredGeneration = generation;
      if (isReset && holder.generation !== undefined) holder.confirm(-1);
    }
    void verifyStale(organization);
  }

  async function verifyStale(organization: Organization): Promise<void> {
    if (organization.isVerifying) return;
    organization.isVerifying = true;
    const shouldRetry = (error: unknown) => {
      onError(error);
      return !isClosed;
    };
    const limits = { attempts: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 2_000 };
    while (!isClosed) {
      const stale = [...organization.holders].filter(isStale);
      if (stale.length === 0) break;
      const verifyAll = () => Promise.all(stale.map((holder) => verify(organization, holder)));
      await retry(verifyAll, { ...limits, shouldRetry }).catch(() => undefined);
    }
    organization.isVerifying = false;
  }

  async function verify({ holders }: Organization, holder: AccessHolder): Promise<void> {
    if (!holders.has(holder) || !isStale(holder)) return;
    const { access } = holder;
    try {
      const generation = await sessions.verify(access);
      if (holder.access === access) holder.confirm(generation);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // It has another session by now, which the next round verifies.
      if (holder.access !== access) return;
      remove(holder);
      holder.end(error.code === 'SESSION_ENDED' ? 'SESSION_ENDED' : 'ACCESS_CHANGED');
    }
  }

  function remove(holder: AccessHolder): void {
    const { tenantId } = holder.access;
    const organization = organizations.get(tenantId);
    if (organization?.holders.delete(holder) && organization.holders.size === 0) {
      organizations.delete(tenantId);
    }
  }

  async function compareAll(): Promise<void> {
    const known = new Map([...organizations].map(([id, { generation }]) => [id, generation]));
    if (known.size === 0) return;
    const current = await sessions.generationsOf([...known.keys()]);
    for (const [tenantId, generation] of current) {
      const organization = organizations.get(tenantId);
      // A notification that came meanwhile is newer.
      if (organization?.generation !== known.get(tenantId)) continue;
      if (organization && organization.generation !== generation) {
        advance(organization, generation, () => true);
      }
    }
  }

  function compare(): Promise<void> {
    comparing ??= compareAll()
      .then(
        () => {
          hasFailed = false;
        },
        (error: unknown) => {
          if (!hasFailed && !isClosed) onError(error);
          hasFailed = true;
        },
      )
      .finally(() => {
        comparing = undefined;
      });
    return comparing;
  }

  const timer = setInterval(() => void compare(), compareMs);

  return {
    add(holder) {
      const { tenantId } = holder.access;
      const organization = organizations.get(tenantId);
      if (organization) organization.holders.add(holder);
      else {
        const holders = new Set([holder]);
        organizations.set(tenantId, { holders, generation: undefined, isVerifying: false });
      }
    },
    delete: remove,
    onRevocation({ tenantId, generation, userId }) {
      const organization = organizations.get(tenantId);
      if (!organization || generation <= (organization.generation ?? -1)) return;
      const isNext = generation === (organization.generation ?? -1) + 1;
      const isOfUser = (holder: AccessHolder) => holder.access.userId === userId;
      advance(organization, generation, isNext && userId ? isOfUser : () => true);
    },
    compare,
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

const isStale = ({ generation, requiredGeneration }: AccessHolder) =>
  generation !== undefined && generation < requiredGeneration;
