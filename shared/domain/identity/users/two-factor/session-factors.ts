import type {
  Context,
  TenantContext,
  UserContext,
  UserTenantContext,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { matches } from '@insightdesk/shared/database';
import {
  deleteRecoveryCodes,
  FactorErrors,
  findFactors,
  hasSecondFactor,
  readFactors,
  type SecondFactors,
} from '@insightdesk/shared/domain/identity/mfa';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, isNull, type SQL } from 'drizzle-orm';
import { sessions } from '../sessions/tables.ts';
import { members } from '../tables.ts';

const MAX_ORGANIZATIONS = 1_000;

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
  const memberships = await ctx.database.read({ userId }, (tx) =>
    tx
      .select({ tenantId: members.tenantId })
      .from(members)
      .where(and(eq(members.userId, userId), isNull(members.removedAt)))
      .limit(MAX_ORGANIZATIONS)
      .execute(),
  );
  const required = await Promise.all(
    memberships.map(({ tenantId }) => requiresSecondFactor(ctx, tenantId)),
  );
  if (required.includes(true)) throw FactorErrors.RequiredByOrganization();
}

async function requiresSecondFactor(ctx: Context, tenantId: TenantContext['tenantId']) {
  const [row] = await ctx.database.read({ tenantId }, (tx) =>
    tx
      .select({ required: organizations.requireTwoFactor })
      .from(organizations)
      .where(eq(organizations.id, tenantId))
      .execute(),
  );
  return row?.required ?? false;
}
