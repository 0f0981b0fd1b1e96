import { defineAction, withTenant } from '@insightdesk/shared/context';
import {
  FactorErrors,
  findFactors,
  isGuarded,
  replaceRecoveryCodes,
  requireCode,
} from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { confirmPassword } from '../accounts/confirm-password.ts';
import { currentPassword, factorCode, recoveryCodesView } from './two-factor-fields.ts';

export const renewRecoveryCodes = defineAction({
  summary: 'Replace all recovery codes by new ones',
  input: z.strictObject({ password: currentPassword, code: factorCode }),
  output: recoveryCodesView,
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { password, code }) {
    const { userId } = ctx.actor;
    await confirmPassword(ctx, password);
    if (!isGuarded(await findFactors(ctx, userId))) throw FactorErrors.NotExpected();
    await requireCode(ctx, userId, code);
    return withTenant(ctx, async ({ tx }) => ({
      recoveryCodes: await replaceRecoveryCodes(tx, userId),
    }));
  },
});
