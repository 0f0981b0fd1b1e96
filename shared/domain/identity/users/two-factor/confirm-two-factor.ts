import { defineAction } from '@insightdesk/shared/context';
import { confirmTotp, replaceRecoveryCodes } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { markFactorVerified, requireVerifiedFactor } from './session-factors.ts';
import { recoveryCodesView, twoFactorCode } from './two-factor-fields.ts';

/** Logins require a code from now on; the current session counts as verified. */
export const confirmTwoFactor = defineAction({
  summary: 'Confirm two-factor setup',
  input: z.strictObject({ code: twoFactorCode }),
  output: recoveryCodesView,
  allow: 'account:manage',
  duringSetup: true,
  transaction: 'write',
  async run(ctx, { code }) {
    await requireVerifiedFactor(ctx);
    await markFactorVerified(ctx, await confirmTotp(ctx, ctx.actor.userId, code));
    return { recoveryCodes: await replaceRecoveryCodes(ctx.tx, ctx.actor.userId) };
  },
});
