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
import { currentPassword } from '../accounts/password-fields.ts';
import { clearFactor, requireRemovableFactor } from './session-factors.ts';
import { twoFactorCode } from './two-factor-fields.ts';

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
