/** Second factors: what a person proves itself by besides a password. They belong to no organisation. */
export { beginTotp } from './start-totp.ts';
export { confirmTotp } from './confirm-totp.ts';
export { dropTotp } from './delete-totp.ts';
export { FactorErrors } from './errors.ts';
export { type Factors, findFactors, isGuarded, readFactors } from './find-factors.ts';
export { dropRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
export { renewTotpSecrets } from './reencrypt-totp-secrets.ts';
export { requireCode } from './verify-code.ts';
export { spendOnce } from './consume-one-time-token.ts';
export { passkeys, secondFactors } from './tables.ts';
