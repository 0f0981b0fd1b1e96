/** Second factors: what a person proves itself by besides a password. They belong to no organisation. */
export { beginTotp } from './begin-totp.ts';
export { confirmTotp } from './confirm-totp.ts';
export { dropTotp } from './drop-totp.ts';
export { FactorErrors } from './errors.ts';
export { type Factors, findFactors, isGuarded, readFactors } from './find-factors.ts';
export { dropRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
export { renewTotpSecrets } from './renew-totp-secrets.ts';
export { requireCode } from './require-code.ts';
export { spendOnce } from './spend-once.ts';
export { passkeys, secondFactors } from './tables.ts';
