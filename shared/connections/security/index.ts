/** Passwords, access tokens, sealed tokens, hashes, requests to addresses that users chose. */
export { isPublicAddress } from './addresses.ts';
export { createDnsTexts, type DnsTexts } from './dns-texts.ts';
export { hmacSha256, randomToken, safeEqual, sha256 } from './hashes.ts';
export { createKeyRing, type KeyRing, type StoredKey } from './key-ring.ts';
export { createPasswords, type PasswordOptions, type Passwords } from './passwords.ts';
export {
  createSafeFetch,
  type SafeFetch,
  type SafeFetchOptions,
  type SafeRequest,
  type SafeResponse,
  UnsafeUrlError,
} from './safe-fetch.ts';
export { createSealer, type Sealer } from './sealer.ts';
export {
  createSecrets,
  type KeptPurpose,
  type SecretPurpose,
  type Secrets,
  secretPurposes,
} from './secrets.ts';
export {
  type AccessClaims,
  createTokens,
  type TokenOptions,
  type Tokens,
  type VerifiedAccess,
} from './tokens.ts';
