import { defineAction } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import {
  deleteTotp,
  FactorErrors,
  findFactors,
  verifyCode,
} from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { confirmPassword } from '../accounts/confirm-password.ts';
import { currentPassword, twoFactorCode } from './two-factor-fields.ts';
import { requireRemovableFactor, clearFactor } from './session-factors.ts';

/** Gives up the authenticator app; sessions that had proven it no longer have, in any organisation. */
export const disableTwoFactor = defineAction({
  summary: 'Remove the authenticator app',
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
