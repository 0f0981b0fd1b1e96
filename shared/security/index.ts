/** Passwords, access tokens, sealed tokens, hashes. */
export { hmacSha256, randomToken, safeEqual, sha256 } from './hashes.ts';
export { createPasswords, type Passwords } from './passwords.ts';
export { createSealer, type Sealer } from './sealer.ts';
export {
  type AccessClaims,
  createTokens,
  type TokenOptions,
  type Tokens,
  type VerifiedAccess,
} from './tokens.ts';
