import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import { eq, isNull } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { secondFactors } from './tables.ts';
import { newTotpSecret, stepOf, totpUrl } from './totp.ts';

/** Gives the person a secret that counts once `confirmTotp` has seen a code of it. */
export async function beginTotp(ctx: TenantContext, user: { id: Id<'usr'>; email: string }) {
  const secret = newTotpSecret();
  const pendingSecret = ctx.secrets.encrypt('totp', secret, user.id);
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

/** Makes the secret count from now on; the uuid of the new factor. */
export async function confirmTotp(ctx: TenantContext, userId: Id<'usr'>, code: string) {
  const self = eq(secondFactors.userId, userId);
  const [row] = await ctx.tx.select().from(secondFactors).where(self).for('update');
  if (row?.totpId) throw FactorErrors.SetUpAlready();
  if (!row?.pendingSecret) throw FactorErrors.NotBegun();
  const lastStep = stepOf(ctx.secrets.decrypt('totp', row.pendingSecret, userId), code);
  if (lastStep === undefined) throw FactorErrors.WrongCode();
  const totpId = newId('fac');
  const fresh = { failures: 0, blockedUntil: null, pendingSecret: null };
  await ctx.tx
    .update(secondFactors)
    .set({ ...fresh, totpId, totpSecret: row.pendingSecret, lastStep })
    .where(self);
  return toUuid(totpId);
}

/** Gives up the authenticator app. */
export const dropTotp = (tx: Tx, userId: Id<'usr'>) =>
  tx
    .update(secondFactors)
    .set({ totpId: null, totpSecret: null, pendingSecret: null })
    .where(eq(secondFactors.userId, userId));
