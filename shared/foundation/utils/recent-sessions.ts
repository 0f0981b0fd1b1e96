import type { Id } from '@insightdesk/shared/contract';

/** A login session with what its token claims. */
export interface SessionKey {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  sessionId: Id<'ses'>;
  authorizationVersion: string;
  duringSetup: boolean;
}

/** Sessions that PostgreSQL accepted a moment ago: the next requests need no lookup. */
export interface RecentSessions {
  /** The organization's generation at that time: while it is the same, the session is still valid. */
  find(key: SessionKey): AccessGeneration | undefined;
  /** `at` is the time of `now` before the session was looked up. */
  set(key: SessionKey, accepted: AccessGeneration & { at: number }): void;
  delete(sessionId: Id<'ses'>): void;
  now(): number;
}

/** Counts how often access was taken away in an organization; null while it never was. */
interface AccessGeneration {
  generation: string | null;
}

/** Sessions and keys that expire change no generation. */
const MAX_AGE_MS = 500;
/** About 3 MB. */
const MAX_ENTRIES = 10_000;

/** Remembers accepted sessions for half a second; cleared when it is full. */
export function createRecentSessions(now: () => number = () => performance.now()): RecentSessions {
  const entries = new Map<Id<'ses'>, SessionKey & AccessGeneration & { expiresAt: number }>();
  return {
    find(key) {
      const entry = entries.get(key.sessionId);
      return entry && entry.expiresAt > now() && isSame(entry, key) ? entry : undefined;
    },
    set(key, { generation, at }) {
      if (entries.size >= MAX_ENTRIES) entries.clear();
      entries.set(key.sessionId, { ...key, generation, expiresAt: at + MAX_AGE_MS });
    },
    delete: (sessionId) => void entries.delete(sessionId),
    now,
  };
}

const isSame = (entry: SessionKey, key: SessionKey) =>
  entry.tenantId === key.tenantId &&
  entry.userId === key.userId &&
  entry.authorizationVersion === key.authorizationVersion &&
  entry.duringSetup === key.duringSetup;
