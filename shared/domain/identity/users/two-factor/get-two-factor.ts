import { defineAction } from '@insightdesk/shared/context';
import { readFactors } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';

export const getTwoFactor = defineAction({
  summary: 'Get two-factor status',
  input: z.strictObject({}),
  output: z.object({
    totp: z.boolean().describe('An authenticator app is set up'),
    passkeys: z.int(),
    recoveryCodesLeft: z.int(),
  }),
  allow: 'account:read',
  duringSetup: true,
  transaction: 'read',
  async run({ tx, actor }) {
    const { totpId, passkeys, recoveryCodesLeft } = await readFactors(tx, actor.userId);
    return { totp: totpId !== null, passkeys, recoveryCodesLeft };
  },
});
