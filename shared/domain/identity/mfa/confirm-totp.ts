import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { secondFactors } from './tables.ts';
import { stepOf } from './totp.ts';

/** Makes the secret count from now on; the uuid of the new factor. */
export async function confirmTotp(ctx: TenantContext, userId: Id<'usr'>, code: string) {
  const self = eq(secondFactors.userId, userId);
  const [row] = await ctx.tx.select().from(secondFactors).where(self).for('update');
  if (row?.totpId) throw FactorErrors.SetUpAlready();
  if (!row?.pendingSecret) throw FactorErrors.NotBegun();
  const lastStep = stepOf(ctx.security.secrets.decrypt('totp', row.pendingSecret, userId), code);
  if (lastStep === undefined) throw FactorErrors.WrongCode();
  const totpId = newId('fac');
  const fresh = { failures: 0, blockedUntil: null, pendingSecret: null };
  await ctx.tx
    .update(secondFactors)
    .set({ ...fresh, totpId, totpSecret: row.pendingSecret, lastStep })
    .where(self);
  return toUuid(totpId);
}
