import { defineAction, withTenant } from '@insightdesk/shared/context';
import {
  confirmTotp,
  readFactors,
  replaceRecoveryCodes,
  startTotp,
} from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { currentPassword, twoFactorCode } from '../accounts/credential-fields.ts';
import { confirmPassword } from '../accounts/find-by-credentials.ts';
import { markFactorVerified, requireVerifiedFactor } from './session-factors.ts';

export const recoveryCodesView = z
  .object({
    recoveryCodes: z
      .array(z.string())
      .describe('Each can be used once; shown only in this response'),
  })
  .meta({ id: 'RecoveryCodes' });

/** Returns the secret for an authenticator app; confirmTwoFactor enables it. */
export const startTwoFactor = defineAction({
  summary: 'Start two-factor setup',
  input: z.strictObject({ password: currentPassword }),
  output: z
    .object({
      secret: z.string().describe('Base32, to type into the app'),
      url: z.string().describe('otpauth:// URL, to show as a QR code'),
    })
    .meta({ id: 'TwoFactorSetup' }),
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

export const getTwoFactor = defineAction({
  summary: 'Get two-factor status',
  input: z.strictObject({}),
  output: z
    .object({
      totp: z.boolean().describe('An authenticator app is set up'),
      passkeys: z.int(),
      recoveryCodesLeft: z.int(),
    })
    .meta({ id: 'TwoFactorStatus' }),
  allow: 'account:read',
  duringSetup: true,
  transaction: 'read',
  async run({ tx, actor }) {
    const { totpId, passkeys, recoveryCodesLeft } = await readFactors(tx, actor.userId);
    return { totp: totpId !== null, passkeys, recoveryCodesLeft };
  },
});
