import { defineAction, withTenant } from '@insightdesk/shared/context';
import { startTotp } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { confirmPassword } from '../accounts/confirm-password.ts';
import { currentPassword } from '../accounts/password-fields.ts';
import { requireVerifiedFactor } from './session-factors.ts';

/** Returns the secret for an authenticator app; confirmTwoFactor enables it. */
export const startTwoFactor = defineAction({
  summary: 'Start two-factor setup',
  input: z.strictObject({ password: currentPassword }),
  output: z.object({
    secret: z.string().describe('Base32, to type into the app'),
    url: z.string().describe('otpauth:// URL, to show as a QR code'),
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
