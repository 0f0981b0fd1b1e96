import {
  type Context,
  defineAction,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { organizations, TenantErrors } from '@insightdesk/shared/domain/tenancy/tenants';
import { sleep } from '@insightdesk/shared/promises';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { members } from '../tables.ts';
import { deviceOf, isSameDevice } from './device.ts';
import { SessionErrors } from './errors.ts';
import { generateTokens, sessionExpiry } from './generate-tokens.ts';
import { revokeSessions } from './revoke-sessions.ts';
import { isLiveSession, sessions } from './tables.ts';
import { tokenPairView } from './view.ts';

/**
 * The new token pair is returned after this time. A second use of the old token that is received
 * before then is concurrent; a later one is a replay (RFC 9700, 4.14.2).
 */
const CONCURRENCY_WINDOW_MS = 500;
/** How long the device of a refresh may repeat it, because the response may have been lost. */
const RETRY_WINDOW_SECONDS = 60;
/** A late request is checked again, because the check itself may have been slow. */
const MAX_CHECKS = 3;

/**
 * Exchanges a refresh token for a new token pair. The same device may repeat it for a minute, while the
 * new pair is unused; any other use of an old token revokes the session.
 */
export const refreshTokens = defineAction({
  summary: 'Refresh the tokens of a session',
  input: z.strictObject({ refreshToken: z.string().max(1000) }),
  output: tokenPairView,
  allow: 'anyone',
  async run(ctx, { refreshToken }) {
    const receivedAt = performance.now();
    const claim = decodeToken(ctx, refreshToken);
    const outcome = await rotate(ctx, claim, receivedAt);
    if (outcome === 'reused') throw SessionErrors.TokenReused();
    if (outcome === 'invalid') throw SessionErrors.TokenInvalid();
    if (outcome === 'disabled') throw TenantErrors.Disabled();
    await sleep(CONCURRENCY_WINDOW_MS);
    const subject = { tenantId: claim.tenantId, ...outcome };
    return generateTokens(ctx, subject, claim.sessionId, claim.generation + 1);
  },
});

interface Claim {
  tenantId: Id<'org'>;
  sessionId: Id<'ses'>;
  generation: number;
}

/** Throws 401 for a token that we did not sign. */
function decodeToken(ctx: Context, token: string): Claim {
  const [tenantId, sessionId, generation] = ctx.security.tokenCodec.decode('refresh', token) ?? [];
  if (!isId('org', tenantId) || !isId('ses', sessionId)) throw SessionErrors.TokenInvalid();
  return { tenantId, sessionId, generation: Number(generation) };
}

function rotate(ctx: Context, { tenantId, sessionId, generation }: Claim, receivedAt: number) {
  return withTenant({ ...ctx, tenantId }, async (tenant) => {
    const { tx } = tenant;
    const [session] = await tx
      .select({
        userId: sessions.userId,
        role: members.role,
        providerId: sessions.providerId,
        isContact: sessions.isContact,
        generation: sessions.generation,
        ip: sessions.ip,
        userAgent: sessions.userAgent,
        isRetriable: sql<boolean>`clock_timestamp() < ${sessions.refreshedAt}
          + ${RETRY_WINDOW_SECONDS} * interval '1 second'`,
        disabledAt: organizations.disabledAt,
      })
      .from(sessions)
      .innerJoin(
        members,
        matches(members, { tenantId: sessions.tenantId, userId: sessions.userId }),
      )
      .innerJoin(organizations, eq(organizations.id, sessions.tenantId))
      .where(
        and(
          matches(sessions, { tenantId, id: sessionId }),
          isLiveSession,
          isNull(members.removedAt),
        ),
      )
      .for('update', { of: sessions });
    if (!session) return 'invalid';
    if (session.disabledAt) return 'disabled';
    const { userId, role, providerId, isContact } = session;
    const change = (values: Partial<typeof sessions.$inferInsert>) =>
      tx
        .update(sessions)
        .set(values)
        .where(matches(sessions, { tenantId, id: sessionId }));
    if (session.generation === generation) {
      await change({
        generation: generation + 1,
        refreshedAt: sql`clock_timestamp()` as unknown as Date,
        expiresAt: sessionExpiry(ctx),
        ...deviceOf(ctx),
      });
      return { userId, role, providerId, isContact };
    }
    const isPredecessor = session.generation === generation + 1;
    const isRetry = session.isRetriable && isSameDevice(session, deviceOf(ctx));
    if (isPredecessor && (isRetry || (await isConcurrent(tenant, sessionId, receivedAt))))
      return { userId, role, providerId, isContact };
    await revokeSessions(tenant, { userId, sessionId });
    return 'reused';
  });
}

/**
 * Whether the request was received before the new token pair was returned, by the database's clock.
 * It runs when the row is locked, so waiting for a connection or for the lock does not count. A slow
 * check makes a request seem later than it was, never earlier.
 */
async function isConcurrent(
  { tx, tenantId }: TenantContext,
  sessionId: Id<'ses'>,
  receivedAt: number,
): Promise<boolean> {
  for (let check = 0; check < MAX_CHECKS; check++) {
    const waitedMs = performance.now() - receivedAt;
    const received = sql`statement_timestamp() - ${waitedMs}::float8 * interval '1 ms'`;
    const [session] = await tx
      .select({
        isConcurrent: sql<boolean>`${received} < ${sessions.refreshedAt} + ${CONCURRENCY_WINDOW_MS} * interval '1 ms'`,
      })
      .from(sessions)
      .where(matches(sessions, { tenantId, id: sessionId }));
    if (session?.isConcurrent) return true;
  }
  return false;
}
