import { defineAction, withTenant } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import {
  deleteTotp,
  FactorErrors,
  findFactors,
  hasSecondFactor,
  replaceRecoveryCodes,
  verifyCode,
} from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { currentPassword, twoFactorCode } from '../accounts/credential-fields.ts';
import { confirmPassword } from '../accounts/find-by-credentials.ts';
import { clearFactor, requireRemovableFactor } from './session-factors.ts';
import { recoveryCodesView } from './start-two-factor.ts';

/** Sessions that verified the authenticator app no longer count as verified, in all organizations. */
export const disableTwoFactor = defineAction({
  summary: 'Disable the authenticator app',
  input: z.strictObject({ password: currentPassword, code: twoFactorCode }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { password, code }) {
    const { userId } = ctx.actor;
    await confirmPassword(ctx, password);
    const { totpId } = await findFactors(ctx, userId);
    if (!totpId) throw FactorErrors.NotExpected();
    await requireRemovableFactor(ctx);
    await verifyCode(ctx, userId, code);
    await ctx.database.write({ userId }, async (tx) => {
      await deleteTotp(tx, userId);
      await clearFactor(tx, userId, toUuid(totpId));
    });
  },
});

export const regenerateRecoveryCodes = defineAction({
  summary: 'Regenerate recovery codes',
  input: z.strictObject({ password: currentPassword, code: twoFactorCode }),
  output: recoveryCodesView,
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { password, code }) {
    const { userId } = ctx.actor;
    await confirmPassword(ctx, password);
    if (!hasSecondFactor(await findFactors(ctx, userId))) throw FactorErrors.NotExpected();
    await verifyCode(ctx, userId, code);
    return withTenant(ctx, async ({ tx }) => ({
      recoveryCodes: await replaceRecoveryCodes(tx, userId),
    }));
  },
});
