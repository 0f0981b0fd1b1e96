import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { isNull } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { secondFactors } from './tables.ts';
import { newTotpSecret, totpUrl } from './totp.ts';

/** Gives the person a secret that counts once `confirmTotp` has seen a code of it. */
export async function startTotp(ctx: TenantContext, user: { id: Id<'usr'>; email: string }) {
  const secret = newTotpSecret();
  const pendingSecret = ctx.security.secrets.encrypt('totp', secret, user.id);
  const begun = await ctx.tx
    .insert(secondFactors)
    .values({ userId: user.id, pendingSecret })
    .onConflictDoUpdate({
      target: secondFactors.userId,
      set: { pendingSecret },
      setWhere: isNull(secondFactors.totpId),
    })
    .returning({ userId: secondFactors.userId });
  if (begun.length === 0) throw FactorErrors.SetUpAlready();
  return { secret, url: totpUrl(secret, user.email, ctx.settings.appName) };
}
