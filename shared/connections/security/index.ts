/** Passwords, access tokens, signed tokens, encryption, hashes, requests to URLs of users. */

export {
  createEncryption,
  type Encryption,
  type StoredPurpose,
  secretPurposes,
} from './encryption.ts';
export { sha256 } from './hashes.ts';
export { createKeyRing, type KeyRing, type StoredKey } from './key-ring.ts';
export { createPasswords, type Passwords } from './passwords.ts';
export { createSafeFetch, type SafeFetch } from './safe-fetch.ts';
export { createTokenCodec, type TokenCodec } from './token-codec.ts';
export { createTokens, type PublicKey, type Tokens, type VerifiedAccess } from './tokens.ts';
export { createTxtResolver, type ResolveTxt } from './txt-resolver.ts';
