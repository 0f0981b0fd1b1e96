/** Second factors: what a person proves itself by besides a password. They belong to no organisation. */
export { FactorErrors } from './errors.ts';
export { type Factors, findFactors, isGuarded, readFactors } from './find-factors.ts';
export { dropRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
export { renewTotpSecrets } from './renew-totp-secrets.ts';
export { requireCode } from './require-code.ts';
export { beginTotp, confirmTotp, dropTotp } from './set-up-totp.ts';
export { spendOnce } from './spend-once.ts';
export { passkeys, secondFactors } from './tables.ts';
