import { z } from 'zod';

/** Six digits from an authenticator app, or a recovery code. */
export const twoFactorCode = z.string().min(6).max(20);

export const recoveryCodesView = z.object({
  recoveryCodes: z.array(z.string()).describe('Each can be used once; shown only in this response'),
});
