import { type Context, requireSystem } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  deleteFactors,
  FactorErrors,
  hasSecondFactor,
  readFactors,
} from '@insightdesk/shared/domain/identity/mfa';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { accountContext } from '../accounts/email-links.ts';
import { twoFactorReset } from '../accounts/events.ts';
import { forEachMembership, revokeSessions } from '../sessions/revoke-sessions.ts';
import { users } from '../tables.ts';

/**
 * Deletes a lost second factor: the authenticator app, all passkeys and recovery codes. Revokes the
 * user's sessions and records it in the audit log of each organization. Returns the number of
 * sessions that ended; throws 422 without a second factor. For the system only.
 */
export async function resetTwoFactor(ctx: Context, userId: Id<'usr'>): Promise<number> {
  requireSystem(ctx);
  const account = accountContext(ctx);
  await ctx.database.write({ tenantId: account.tenantId, userId }, async (tx) => {
    if (!hasSecondFactor(await readFactors(tx, userId))) throw FactorErrors.NotExpected();
    await deleteFactors(tx, userId);
    const [user] = await tx.select().from(users).where(eq(users.id, userId));
    const notifyEmail = user?.emailVerifiedAt ? user.email : null;
    await record({ ...account, tx }, twoFactorReset, { userId, notifyEmail });
  });
  const counts = await forEachMembership(ctx, userId, async (tenant) => {
    await record(tenant, twoFactorReset, { userId, notifyEmail: null });
    return revokeSessions(tenant, { userId });
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
