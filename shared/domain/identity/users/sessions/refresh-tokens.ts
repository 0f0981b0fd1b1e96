import {
  type Context,
  defineAction,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { organizations, TenantErrors } from '@insightdesk/shared/domain/tenancy/tenants';
import { sleep } from '@insightdesk/shared/promises';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { revokeSessions } from './revoke-sessions.ts';
import { UserErrors } from '../errors.ts';
import { isLiveSession } from './is-live-session.ts';
import { sessionExpiry, generateTokens } from './create-session.ts';
import { members, sessions } from '../tables.ts';
import { tokenPairView } from '../view.ts';

/**
 * A successor is handed out only after this long, so a second use of the old token that arrives
 * within it is concurrent, and any later one is a replay (RFC 9700, 4.14.2).
 */
const SETTLE_MS = 500;
/** How often a late arrival is looked at, in case it was the look that took long. */
const LOOKS = 3;

/** Swaps a refresh token for its successor; a replayed one ends the whole session. */
export const refreshTokens = defineAction({
  summary: 'Refresh a session',
  input: z.strictObject({ refreshToken: z.string().max(1000) }),
  output: tokenPairView,
  allow: 'anyone',
  async run(ctx, { refreshToken }) {
    const arrivedAt = performance.now();
    const claim = readToken(ctx, refreshToken);
    const outcome = await rotate(ctx, claim, arrivedAt);
    if (outcome === 'reused') throw UserErrors.TokenReused();
    if (outcome === 'invalid') throw UserErrors.TokenInvalid();
    if (outcome === 'disabled') throw TenantErrors.Disabled();
    await sleep(SETTLE_MS);
    const subject = { tenantId: claim.tenantId, ...outcome };
    return generateTokens(ctx, subject, claim.sessionId, claim.generation + 1);
  },
});

interface Claim {
  tenantId: Id<'org'>;
  sessionId: Id<'ses'>;
  generation: number;
}

/** What a refresh token claims; 401 when it is not one of ours. */
function readToken(ctx: Context, token: string): Claim {
  const [tenantId, sessionId, generation] = ctx.security.tokenCodec.open('refresh', token) ?? [];
  if (!isId('org', tenantId) || !isId('ses', sessionId)) throw UserErrors.TokenInvalid();
  return { tenantId, sessionId, generation: Number(generation) };
}

function rotate(ctx: Context, { tenantId, sessionId, generation }: Claim, arrivedAt: number) {
  return withTenant({ ...ctx, tenantId }, async (tenant) => {
    const { tx } = tenant;
    const [session] = await tx
      .select({
        userId: sessions.userId,
        role: members.role,
        generation: sessions.generation,
        disabledAt: organizations.disabledAt,
      })
      .from(sessions)
      .innerJoin(
        members,
        and(eq(members.tenantId, sessions.tenantId), eq(members.userId, sessions.userId)),
      )
      .innerJoin(organizations, eq(organizations.id, sessions.tenantId))
      .where(
        and(
          eq(sessions.tenantId, tenantId),
          eq(sessions.id, sessionId),
          isLiveSession,
          isNull(members.removedAt),
        ),
      )
      .for('update', { of: sessions });
    if (!session) return 'invalid';
    if (session.disabledAt) return 'disabled';
    const { userId, role } = session;
    const change = (values: Partial<typeof sessions.$inferInsert>) =>
      tx
        .update(sessions)
        .set(values)
        .where(and(eq(sessions.tenantId, tenantId), eq(sessions.id, sessionId)));
    if (session.generation === generation) {
      await change({
        generation: generation + 1,
        refreshedAt: sql`clock_timestamp()` as unknown as Date,
        expiresAt: sessionExpiry(ctx),
      });
      return { userId, role };
    }
    const isPredecessor = session.generation === generation + 1;
    if (isPredecessor && (await cameInTime(tenant, sessionId, arrivedAt))) return { userId, role };
    await revokeSessions(tenant, { userId, sessionId });
    return 'reused';
  });
}

/**
 * Whether a request came before the successor was handed out, by the database's clock. Asked once the
 * row is locked, so waiting for a connection, or for the row, makes nobody late. What a look itself
 * takes makes a request seem later than it came, never earlier.
 */
async function cameInTime(
  { tx, tenantId }: TenantContext,
  sessionId: Id<'ses'>,
  arrivedAt: number,
): Promise<boolean> {
  for (let look = 0; look < LOOKS; look++) {
    const waitedMs = performance.now() - arrivedAt;
    const arrival = sql`statement_timestamp() - ${waitedMs}::float8 * interval '1 ms'`;
    const [session] = await tx
      .select({
        inTime: sql<boolean>`${arrival} < ${sessions.refreshedAt} + ${SETTLE_MS} * interval '1 ms'`,
      })
      .from(sessions)
      .where(and(eq(sessions.tenantId, tenantId), eq(sessions.id, sessionId)));
    if (session?.inTime) return true;
  }
  return false;
}
