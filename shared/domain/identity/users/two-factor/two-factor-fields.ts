import { z } from 'zod';

/** The password of who is signed in, typed again. */
export const currentPassword = z.string().max(200);

/** Six digits of an authenticator app, or one of the recovery codes. */
export const twoFactorCode = z.string().min(6).max(20);

export const recoveryCodesView = z.object({
  recoveryCodes: z.array(z.string()).describe('Each is good once; shown only here'),
});
