import { authorizationVersionOf, type Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { listAccessGenerations, listLiveSessions } from '@insightdesk/shared/domain/identity/users';
import {
  ForbiddenError,
  TwoFactorSetupRequiredError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import { createRecentSessions, type RecentSessions } from '@insightdesk/shared/utils';
import type { SessionClaims } from './access.ts';

/** Where login sessions are looked up. */
interface SessionSource {
  /** The sessions that are live, each with the authorization of its member now. */
  listLive(tenantId: Id<'org'>, sessionIds: readonly Id<'ses'>[]): Promise<Map<Id<'ses'>, string>>;
  /** How often access was revoked in each organization; without those in which it never was. */
  listGenerations(tenantIds: readonly Id<'org'>[]): Promise<Map<Id<'org'>, string>>;
}

/** Looks sessions up in PostgreSQL. */
export const createSessionSource = (ctx: Context): SessionSource => ({
  listLive: (tenantId, sessionIds) => listLiveSessions(ctx, tenantId, sessionIds),
  listGenerations: (tenantIds) => listAccessGenerations(ctx, tenantIds),
});

/** Verifies the login sessions of sockets. */
export interface SessionVerifier {
  /**
   * Resolves with the access generation of the organization at which the session is valid. Throws
   * UnauthenticatedError or ForbiddenError when it has ended, its member's role is another, or the
   * organization is disabled.
   */
  verify(claims: SessionClaims): Promise<number>;
  /** The current access generation of each organization. */
  generationsOf(tenantIds: readonly Id<'org'>[]): Promise<Map<Id<'org'>, number>>;
}

/** Sessions of one organization that are looked up by one query. */
export const MAX_SESSIONS_PER_QUERY = 500;

interface Verification {
  claims: SessionClaims;
  result: PromiseWithResolvers<number>;
}

/** A verification that needs the database: at which generation, and when that was read. */
interface LookUp extends Verification {
  generation: string | null;
  at: number;
}

/**
 * Verifications of one turn of the event loop, and those that come while a query is running, share
 * the next query: after a deploy all sockets connect at once. It reads the generations of the
 * organizations (`docs/adr/0031-session-check-caching.md`): sessions that were valid a moment ago at
 * the same generation still are. The others are looked up, by organization, in the same way.
 */
export function createSessionVerifier(
  { listLive, listGenerations }: SessionSource,
  recentSessions = createRecentSessions(),
): SessionVerifier {
  const queue: Verification[] = [];
  const lookUp = createLookUp(listLive, recentSessions);
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    await nextTurn();
    while (queue.length > 0) await verifyBatch(queue.splice(0));
    isRunning = false;
  }

  async function verifyBatch(batch: Verification[]): Promise<void> {
    try {
      const at = recentSessions.now();
      const tenantIds = new Set(batch.map(({ claims }) => claims.tenantId));
      const generations = await listGenerations([...tenantIds]);
      for (const verification of batch) {
        const { claims, result } = verification;
        const generation = generations.get(claims.tenantId) ?? null;
        if (recentSessions.find(keyOf(claims))?.generation === generation) {
          result.resolve(Number(generation));
        } else {
          lookUp({ ...verification, generation, at });
        }
      }
    } catch (error) {
      for (const { result } of batch) result.reject(error);
    }
  }

  return {
    verify(claims) {
      const result = Promise.withResolvers<number>();
      queue.push({ claims, result });
      if (!isRunning) void run();
      return result.promise;
    },
    async generationsOf(tenantIds) {
      const generations = await listGenerations(tenantIds);
      return new Map(tenantIds.map((id) => [id, Number(generations.get(id) ?? 0)]));
    },
  };
}

/** Looks sessions up by organization, in pages; what comes during a query is in the next one. */
function createLookUp(listLive: SessionSource['listLive'], recentSessions: RecentSessions) {
  const lookUps = new Map<Id<'org'>, LookUp[]>();

  function lookUp(item: LookUp): void {
    const { tenantId } = item.claims;
    const waiting = lookUps.get(tenantId);
    if (waiting) return void waiting.push(item);
    const own = [item];
    lookUps.set(tenantId, own);
    void lookUpAll(tenantId, own);
  }

  async function lookUpAll(tenantId: Id<'org'>, waiting: LookUp[]): Promise<void> {
    // The rest of the same batch is added first.
    await undefined;
    while (waiting.length > 0) {
      await lookUpPage(tenantId, waiting.splice(0, MAX_SESSIONS_PER_QUERY));
    }
    lookUps.delete(tenantId);
  }

  async function lookUpPage(tenantId: Id<'org'>, page: LookUp[]): Promise<void> {
    try {
      const live = await listLive(tenantId, [
        ...new Set(page.map((item) => item.claims.sessionId)),
      ]);
      for (const { claims, result, generation, at } of page) {
        const refusal = refusalOf(claims, live.get(claims.sessionId));
        if (refusal) {
          result.reject(refusal);
        } else {
          recentSessions.set(keyOf(claims), { generation, at });
          result.resolve(Number(generation));
        }
      }
    } catch (error) {
      for (const { result } of page) result.reject(error);
    }
  }

  return lookUp;
}

/** Whether `verify` threw because the session is not valid, not because it could not find out. */
export const isRefusal = (error: unknown): error is UnauthenticatedError | ForbiddenError =>
  error instanceof UnauthenticatedError || error instanceof ForbiddenError;

const keyOf = (claims: SessionClaims) => ({
  tenantId: claims.tenantId,
  userId: claims.userId,
  sessionId: claims.sessionId,
  authorizationVersion: authorizationVersionOf(claims),
  duringSetup: false,
});

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function refusalOf(claims: SessionClaims, current: string | undefined): Error | undefined {
  if (current === authorizationVersionOf(claims)) return undefined;
  if (current === 'none') {
    return new ForbiddenError('This organization is disabled', { code: 'ORGANIZATION_DISABLED' });
  }
  if (current === 'setup') return new TwoFactorSetupRequiredError();
  if (current !== undefined) {
    const message = 'Your permissions have changed; refresh your token';
    return new UnauthenticatedError(message, { code: 'ACCESS_CHANGED' });
  }
  return new UnauthenticatedError('This session has ended', { code: 'SESSION_ENDED' });
}
