import { defineAction, withTenant } from '@insightdesk/shared/context';
import { startTotp } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { confirmPassword } from '../accounts/confirm-password.ts';
import { currentPassword } from './two-factor-fields.ts';
import { requireVerifiedFactor } from './session-factors.ts';

/** Hands out the secret of an authenticator app; it counts once a code of it was confirmed. */
export const startTwoFactor = defineAction({
  summary: 'Begin to set up an authenticator app',
  input: z.strictObject({ password: currentPassword }),
  output: z.object({
    secret: z.string().describe('Base32, to be typed in'),
    url: z.string().describe('otpauth://, to be shown as a QR code'),
  }),
  allow: 'account:manage',
  duringSetup: true,
  transaction: 'own',
  async run(ctx, { password }) {
    const user = await confirmPassword(ctx, password);
    return withTenant(ctx, async (tenant) => {
      await requireVerifiedFactor(tenant);
      return startTotp(tenant, user);
    });
  },
});
