import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import { eq, isNull } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { passkeys, recoveryCodes, secondFactors } from './tables.ts';
import { findStep, generateTotpSecret, totpUrl } from './totp.ts';

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

/** Deletes the authenticator app, all passkeys and recovery codes. */
export async function deleteFactors(tx: Tx, userId: Id<'usr'>): Promise<void> {
  for (const table of [passkeys, recoveryCodes, secondFactors]) {
    await tx.delete(table).where(eq(table.userId, userId));
  }
}

export const deleteTotp = (tx: Tx, userId: Id<'usr'>) =>
  tx
    .update(secondFactors)
    .set({ totpId: null, totpSecret: null, pendingSecret: null })
    .where(eq(secondFactors.userId, userId));
