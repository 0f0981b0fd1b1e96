import type { UserContext, UserTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, type Tx } from '@insightdesk/shared/database';
import {
  deleteRecoveryCodes,
  FactorErrors,
  findFactors,
  hasSecondFactor,
  readFactors,
  type SecondFactors,
} from '@insightdesk/shared/domain/identity/mfa';
import { and, eq, isNull, type SQL } from 'drizzle-orm';
import { listMemberships } from '../members/list-memberships.ts';
import { sessions } from '../sessions/tables.ts';

/**
 * Throws 403 TWO_FACTOR_REQUIRED when the user has a second factor that the session has not
 * verified. Otherwise a stolen password would be enough to add another factor.
 */
export async function requireVerifiedFactor(ctx: UserTenantContext): Promise<SecondFactors> {
  const { tx, tenantId, actor } = ctx;
  const [session] = await tx
    .select({ factorId: sessions.factorId })
    .from(sessions)
    .where(matches(sessions, { tenantId, id: actor.sessionId }));
  const factors = await readFactors(tx, actor.userId);
  if (hasSecondFactor(factors) && !session?.factorId) throw FactorErrors.NotVerified();
  return factors;
}

/** Marks the factor as verified in the caller's session. */
export const markFactorVerified = ({ tx, tenantId, actor }: UserTenantContext, factorId: string) =>
  tx
    .update(sessions)
    .set({ factorId })
    .where(matches(sessions, { tenantId, id: actor.sessionId }));

/** Removes a deleted factor from the user's sessions in all organizations. */
export async function clearFactor(tx: Tx, userId: Id<'usr'>, factorId: string): Promise<void> {
  const isLast = !hasSecondFactor(await readFactors(tx, userId));
  const isAffected: SQL | undefined = isLast
    ? isNull(sessions.providerId)
    : eq(sessions.factorId, factorId);
  if (isLast) await deleteRecoveryCodes(tx, userId);
  await tx
    .update(sessions)
    .set({ factorId: null })
    .where(and(eq(sessions.userId, userId), isAffected));
}

/** Throws 409 for the last factor while one of the user's organizations requires one. */
export async function requireRemovableFactor(ctx: UserContext): Promise<void> {
  const { userId } = ctx.actor;
  const { totpId, passkeys } = await findFactors(ctx, userId);
  if ((totpId ? 1 : 0) + passkeys > 1) return;
  const memberships = await listMemberships(ctx, userId);
  if (memberships.some(({ requireTwoFactor }) => requireTwoFactor))
    throw FactorErrors.RequiredByOrganization();
}
