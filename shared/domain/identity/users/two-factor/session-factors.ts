import type {
  Context,
  TenantContext,
  UserContext,
  UserTenantContext,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import {
  deleteRecoveryCodes,
  FactorErrors,
  type Factors,
  findFactors,
  hasSecondFactor,
  readFactors,
} from '@insightdesk/shared/domain/identity/mfa';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, isNull, type SQL } from 'drizzle-orm';
import { members, sessions } from '../tables.ts';

const MOST_ORGANIZATIONS = 1_000;

/**
 * Whoever has a factor adds another only from a session that has proven one: a stolen password
 * would otherwise be enough to bring one's own. 403 TWO_FACTOR_REQUIRED.
 */
export async function requireVerifiedFactor(ctx: UserTenantContext): Promise<Factors> {
  const { tx, tenantId, actor } = ctx;
  const [session] = await tx
    .select({ factorId: sessions.factorId })
    .from(sessions)
    .where(and(eq(sessions.tenantId, tenantId), eq(sessions.id, actor.sessionId)));
  const factors = await readFactors(tx, actor.userId);
  if (hasSecondFactor(factors) && !session?.factorId) throw FactorErrors.NotProven();
  return factors;
}

/** The caller's session has proven this factor from now on. */
export const markFactorVerified = ({ tx, tenantId, actor }: UserTenantContext, factorId: string) =>
  tx
    .update(sessions)
    .set({ factorId })
    .where(and(eq(sessions.tenantId, tenantId), eq(sessions.id, actor.sessionId)));

/** Takes a factor that is given up back from the person's sessions, in all organisations. */
export async function clearFactor(tx: Tx, userId: Id<'usr'>, factorId: string): Promise<void> {
  const isLast = !hasSecondFactor(await readFactors(tx, userId));
  const which: SQL | undefined = isLast
    ? isNull(sessions.providerId)
    : eq(sessions.factorId, factorId);
  if (isLast) await deleteRecoveryCodes(tx, userId);
  await tx
    .update(sessions)
    .set({ factorId: null })
    .where(and(eq(sessions.userId, userId), which));
}

/** 409 while one of the caller's organisations requires the factor that would be the last. */
export async function requireRemovableFactor(ctx: UserContext): Promise<void> {
  const { userId } = ctx.actor;
  const { totpId, passkeys } = await findFactors(ctx, userId);
  if ((totpId ? 1 : 0) + passkeys > 1) return;
  const own = await ctx.database.read({ userId }, (tx) =>
    tx
      .select({ tenantId: members.tenantId })
      .from(members)
      .where(and(eq(members.userId, userId), isNull(members.removedAt)))
      .limit(MOST_ORGANIZATIONS)
      .execute(),
  );
  const demands = await Promise.all(own.map(({ tenantId }) => demandsFactor(ctx, tenantId)));
  if (demands.includes(true)) throw FactorErrors.Enforced();
}

async function demandsFactor(ctx: Context, tenantId: TenantContext['tenantId']) {
  const [row] = await ctx.database.read({ tenantId }, (tx) =>
    tx
      .select({ required: organizations.requireTwoFactor })
      .from(organizations)
      .where(eq(organizations.id, tenantId))
      .execute(),
  );
  return row?.required ?? false;
}
