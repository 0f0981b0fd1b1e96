import { TooManyRequestsError } from '@insightdesk/shared/errors';
import type { Access } from '../sessions/access.ts';
import { createTokenBucket, type TokenBucket, type TokenBucketOptions } from './token-bucket.ts';

/** The limits of calls; see `socketLimits` of the contract. */
export interface CallLimits {
  /** Of one socket. */
  calls: TokenBucketOptions;
  /** Of all sockets of a user or API key on this replica. */
  userCalls: TokenBucketOptions;
  /** Calls above a limit, after which the socket is closed. */
  refusals: TokenBucketOptions;
  /** Bytes of history that a user's subscriptions read on this replica. */
  history: TokenBucketOptions;
  /** How long a user cannot open sockets after one was closed. */
  blockMs: number;
}

/** What the sockets of one user share. */
export interface UserLimit {
  readonly calls: Pick<TokenBucket, 'take'>;
  readonly history: Pick<TokenBucket, 'charge' | 'delayMs'>;
  /** Rejects new sockets of the user for a while. */
  block(): void;
}

/** Limits per user or API key, over all sockets of this replica; every replica has its own. */
export interface UserLimits {
  of(access: Access): UserLimit;
  /** Throws 429 while the user's sockets are rejected. */
  requireNotBlocked(access: Access): void;
}

interface Entry extends UserLimit {
  readonly calls: TokenBucket;
  readonly history: TokenBucket;
  blockedUntilMs: number;
}

/** Above it, entries that were not used lately are deleted. */
const MAX_IDLE_ENTRIES = 10_000;

export function createUserLimits({ userCalls, history, blockMs }: CallLimits): UserLimits {
  const entries = new Map<string, Entry>();
  let nextCleanup = MAX_IDLE_ENTRIES;

  function deleteIdle() {
    const now = performance.now();
    for (const [id, { calls, history: read, blockedUntilMs }] of entries) {
      if (calls.isFull() && read.isFull() && blockedUntilMs < now) entries.delete(id);
    }
    nextCleanup = Math.max(MAX_IDLE_ENTRIES, 2 * entries.size);
  }

  return {
    of(access) {
      const id = subjectOf(access);
      const known = entries.get(id);
      if (known) return known;
      if (entries.size >= nextCleanup) deleteIdle();
      const entry: Entry = {
        calls: createTokenBucket(userCalls),
        history: createTokenBucket(history),
        blockedUntilMs: 0,
        block() {
          entry.blockedUntilMs = performance.now() + blockMs;
          entries.set(id, entry);
        },
      };
      entries.set(id, entry);
      return entry;
    },
    requireNotBlocked(access) {
      const blockedUntilMs = entries.get(subjectOf(access))?.blockedUntilMs ?? 0;
      if (performance.now() < blockedUntilMs) {
        throw new TooManyRequestsError('A socket of this user sent too much; try again later');
      }
    },
  };
}

/** Who is counted: an API key, or a user. */
export const subjectOf = (access: Access): string =>
  access.kind === 'apiKey' ? access.keyId : access.userId;
