import { defineAction } from '@insightdesk/shared/context';
import { confirmTotp, replaceRecoveryCodes } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { factorCode, recoveryCodesView } from './two-factor-fields.ts';
import { markProven, requireProven } from './session-factors.ts';

/** From now on signing in takes a code; the session of this call has given its own. */
export const confirmTwoFactor = defineAction({
  summary: 'Confirm the authenticator app by a code of it',
  input: z.strictObject({ code: factorCode }),
  output: recoveryCodesView,
  allow: 'account:manage',
  duringSetup: true,
  transaction: 'write',
  async run(ctx, { code }) {
    await requireProven(ctx);
    await markProven(ctx, await confirmTotp(ctx, ctx.actor.userId, code));
    return { recoveryCodes: await replaceRecoveryCodes(ctx.tx, ctx.actor.userId) };
  },
});
