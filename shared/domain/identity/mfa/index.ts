/** Second factors of users, independent of organizations. */

export { confirmTotp } from './confirm-totp.ts';
export { consumeOneTimeToken } from './consume-one-time-token.ts';
export { deleteTotp } from './delete-totp.ts';
export { FactorErrors } from './errors.ts';
export { findFactors, hasSecondFactor, readFactors, type SecondFactors } from './find-factors.ts';
export { deleteRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
export { reencryptTotpSecrets } from './reencrypt-totp-secrets.ts';
export { startTotp } from './start-totp.ts';
export { passkeys, secondFactors } from './tables.ts';
export { verifyCode } from './verify-code.ts';
