import { fromUuid, type Id } from '@insightdesk/shared/contract';
import type { AccessHolder } from './access.ts';
import { OrganizationAccess } from './organization-access.ts';
import type { SessionVerifier } from './session-verifier.ts';

/** Access was revoked: of one user, or of any user of the organization. */
export interface Revocation {
  tenantId: Id<'org'>;
  /** The organization's generation since then; the next revocation has the next number. */
  generation: number;
  userId?: Id<'usr'> | undefined;
}

/** Closes sockets whose access is no longer what their token says. */
export interface RevocationWatcher {
  add(holder: AccessHolder): void;
  delete(holder: AccessHolder): void;
  /** Verifies the sockets concerned again; all of the organization when a revocation was missed. */
  onRevocation(revocation: Revocation): void;
  /** Compares the generations with the database: revocations may have been missed. */
  compare(): Promise<void>;
  close(): void;
}

interface RevocationWatcherOptions {
  sessions: SessionVerifier;
  onError: (error: unknown) => void;
  compareIntervalMs?: number;
}

/**
 * Every revocation raises the generation of its organization in the same transaction, by triggers,
 * and PostgreSQL notifies of it. A notification that is missed, because LISTEN is interrupted or
 * impossible, leaves a generation that differs from the database's, which is compared regularly.
 */
export function createRevocationWatcher({
  sessions,
  onError,
  compareIntervalMs = 500,
}: RevocationWatcherOptions): RevocationWatcher {
  const organizations = new Map<Id<'org'>, OrganizationAccess>();
  let comparing: Promise<void> | undefined;
  let hasFailed = false;
  let isClosed = false;

  async function compareAll(): Promise<void> {
    const known = new Map([...organizations].map(([id, { generation }]) => [id, generation]));
    if (known.size === 0) return;
    const current = await sessions.generationsOf([...known.keys()]);
    for (const [tenantId, generation] of current) {
      const organization = organizations.get(tenantId);
      // A notification that came meanwhile is newer.
      if (organization?.generation !== known.get(tenantId)) continue;
      if (organization?.generation !== generation) organization?.advance(generation);
    }
  }

  function onCompared(error?: unknown): void {
    // An outage is reported once.
    if (error !== undefined && !hasFailed && !isClosed) onError(error);
    hasFailed = error !== undefined;
    comparing = undefined;
  }

  function compare(): Promise<void> {
    comparing ??= compareAll().then(() => onCompared(), onCompared);
    return comparing;
  }

  const timer = setInterval(() => void compare(), compareIntervalMs);

  return {
    add(holder) {
      const { tenantId } = holder.access;
      const organization =
        organizations.get(tenantId) ?? new OrganizationAccess({ sessions, onError });
      organizations.set(tenantId, organization);
      organization.add(holder);
    },
    delete(holder) {
      const { tenantId } = holder.access;
      const organization = organizations.get(tenantId);
      organization?.delete(holder);
      if (organization?.isEmpty) organizations.delete(tenantId);
    },
    onRevocation({ tenantId, generation, userId }) {
      const organization = organizations.get(tenantId);
      const known = organization?.generation ?? -1;
      if (generation <= known) return;
      const isNext = generation === known + 1;
      organization?.advance(generation, isNext ? userId : undefined);
    },
    compare,
    close() {
      isClosed = true;
      clearInterval(timer);
      for (const organization of organizations.values()) organization.close();
    },
  };
}

/** `<tenant> <generation>`, with the user when it concerns one. */
const PAYLOAD = /^([0-9a-f-]{36}) (\d+)(?: ([0-9a-f-]{36}))?$/;

/** Passes PostgreSQL's notifications of revoked access to the watcher. */
export function createAccessListener(watcher: Pick<RevocationWatcher, 'onRevocation' | 'compare'>) {
  return {
    channel: 'access',
    onNotification(payload: string): void {
      const [, tenant, generation, user] = PAYLOAD.exec(payload) ?? [];
      if (!tenant) return;
      watcher.onRevocation({
        tenantId: fromUuid('org', tenant),
        generation: Number(generation),
        userId: user ? fromUuid('usr', user) : undefined,
      });
    },
    onListening: () => void watcher.compare(),
  };
}
