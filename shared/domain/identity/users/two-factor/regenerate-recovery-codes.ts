import { defineAction, withTenant } from '@insightdesk/shared/context';
import {
  FactorErrors,
  findFactors,
  hasSecondFactor,
  replaceRecoveryCodes,
  verifyCode,
} from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { confirmPassword } from '../accounts/confirm-password.ts';
import { currentPassword } from '../accounts/password-fields.ts';
import { recoveryCodesView, twoFactorCode } from './two-factor-fields.ts';

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
