/** Second factors of users, independent of organizations. */
export { startTotp } from './start-totp.ts';
export { confirmTotp } from './confirm-totp.ts';
export { deleteTotp } from './delete-totp.ts';
export { FactorErrors } from './errors.ts';
export { type SecondFactors, findFactors, hasSecondFactor, readFactors } from './find-factors.ts';
export { deleteRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
export { reencryptTotpSecrets } from './reencrypt-totp-secrets.ts';
export { verifyCode } from './verify-code.ts';
export { consumeOneTimeToken } from './consume-one-time-token.ts';
export { passkeys, secondFactors } from './tables.ts';
