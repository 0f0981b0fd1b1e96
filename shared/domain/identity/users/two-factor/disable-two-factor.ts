import { defineAction } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import {
  dropTotp,
  FactorErrors,
  findFactors,
  requireCode,
} from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { confirmPassword } from '../accounts/confirm-password.ts';
import { currentPassword, factorCode } from './two-factor-fields.ts';
import { requireDispensable, unprove } from './session-factors.ts';

/** Gives up the authenticator app; sessions that had proven it no longer have, in any organisation. */
export const removeTwoFactor = defineAction({
  summary: 'Remove the authenticator app',
  input: z.strictObject({ password: currentPassword, code: factorCode }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { password, code }) {
    const { userId } = ctx.actor;
    await confirmPassword(ctx, password);
    const { totpId } = await findFactors(ctx, userId);
    if (!totpId) throw FactorErrors.NotExpected();
    await requireDispensable(ctx);
    await requireCode(ctx, userId, code);
    await ctx.database.write({ userId }, async (tx) => {
      await dropTotp(tx, userId);
      await unprove(tx, userId, toUuid(totpId));
    });
  },
});
