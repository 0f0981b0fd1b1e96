/** Second factors: what a person proves itself by besides a password. They belong to no organisation. */
export { startTotp } from './start-totp.ts';
export { confirmTotp } from './confirm-totp.ts';
export { deleteTotp } from './delete-totp.ts';
export { FactorErrors } from './errors.ts';
export { type Factors, findFactors, hasSecondFactor, readFactors } from './find-factors.ts';
export { deleteRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
export { reencryptTotpSecrets } from './reencrypt-totp-secrets.ts';
export { verifyCode } from './verify-code.ts';
export { consumeOneTimeToken } from './consume-one-time-token.ts';
export { passkeys, secondFactors } from './tables.ts';
