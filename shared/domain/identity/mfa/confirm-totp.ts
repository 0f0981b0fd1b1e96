import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { secondFactors } from './tables.ts';
import { findStep } from './totp.ts';

/** Enables the pending secret; returns the UUID of the new factor. */
export async function confirmTotp(ctx: TenantContext, userId: Id<'usr'>, code: string) {
  const isUser = eq(secondFactors.userId, userId);
  const [row] = await ctx.tx.select().from(secondFactors).where(isUser).for('update');
  if (row?.totpId) throw FactorErrors.AlreadySetUp();
  if (!row?.pendingSecret) throw FactorErrors.NotStarted();
  const lastStep = findStep(
    ctx.security.encryption.decrypt('totp', row.pendingSecret, userId),
    code,
  );
  if (lastStep === undefined) throw FactorErrors.WrongCode();
  const totpId = newId('fac');
  const reset = { failures: 0, blockedUntil: null, pendingSecret: null };
  await ctx.tx
    .update(secondFactors)
    .set({ ...reset, totpId, totpSecret: row.pendingSecret, lastStep })
    .where(isUser);
  return toUuid(totpId);
}
