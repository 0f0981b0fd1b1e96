import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { isNull } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { secondFactors } from './tables.ts';
import { generateTotpSecret, totpUrl } from './totp.ts';

/** Creates a pending secret, which `confirmTotp` enables. */
export async function startTotp(ctx: TenantContext, user: { id: Id<'usr'>; email: string }) {
  const secret = generateTotpSecret();
  const pendingSecret = ctx.security.encryption.encrypt('totp', secret, user.id);
  const started = await ctx.tx
    .insert(secondFactors)
    .values({ userId: user.id, pendingSecret })
    .onConflictDoUpdate({
      target: secondFactors.userId,
      set: { pendingSecret },
      setWhere: isNull(secondFactors.totpId),
    })
    .returning({ userId: secondFactors.userId });
  if (started.length === 0) throw FactorErrors.AlreadySetUp();
  return { secret, url: totpUrl(secret, user.email, ctx.settings.appName) };
}
