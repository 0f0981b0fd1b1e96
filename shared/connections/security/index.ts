/** Passwords, access tokens, signed tokens, encryption, hashes, requests to URLs of users. */

export {
  createEncryption,
  type Encryption,
  type SecretPurpose,
  type StoredPurpose,
  secretPurposes,
} from './encryption.ts';
export { hmacSha256, randomToken, safeEqual, sha256 } from './hashes.ts';
export { isPublicAddress } from './is-public-address.ts';
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
export { createTokenCodec, type TokenCodec } from './token-codec.ts';
export {
  type AccessClaims,
  createTokens,
  type TokenOptions,
  type Tokens,
  type VerifiedAccess,
} from './tokens.ts';
export { createTxtResolver, type ResolveTxt } from './txt-resolver.ts';
