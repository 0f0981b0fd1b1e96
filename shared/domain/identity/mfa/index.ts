/** Second factors of users, independent of organizations. */

export { FactorErrors } from './errors.ts';
export { findFactors, hasSecondFactor, readFactors, type SecondFactors } from './find-factors.ts';
export { consumeOneTimeToken, decryptUnexpired } from './one-time-token.ts';
export { deleteRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
export { reencryptTotpSecrets } from './reencrypt-totp-secrets.ts';
export { confirmTotp, deleteFactors, deleteTotp, startTotp } from './start-totp.ts';
export { passkeys, secondFactors } from './tables.ts';
export { verifyCode } from './verify-code.ts';
