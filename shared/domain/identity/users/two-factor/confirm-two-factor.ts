import { defineAction } from '@insightdesk/shared/context';
import { confirmTotp, replaceRecoveryCodes } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { twoFactorCode, recoveryCodesView } from './two-factor-fields.ts';
import { markFactorVerified, requireVerifiedFactor } from './session-factors.ts';

/** From now on signing in takes a code; the session of this call has given its own. */
export const confirmTwoFactor = defineAction({
  summary: 'Confirm the authenticator app by a code of it',
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
