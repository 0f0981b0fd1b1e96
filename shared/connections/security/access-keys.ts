import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';

/** An Ed25519 key pair of access tokens. The id is the public key, so that it needs no other record. */
export interface AccessKeyPair {
  id: string;
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** PKCS #8 of an Ed25519 private key, before its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;
const PUBLIC_KEY = /^[\w-]{43}$/;

/**
 * The key pair of a stored key, or of JWT_SECRET itself. Both secrets are needed: a process that can
 * decrypt stored keys cannot sign without JWT_SECRET.
 */
export function deriveAccessKey(jwtSecret: string, master = ''): AccessKeyPair {
  const seed = hkdfSync('sha256', jwtSecret, master, 'access token ed25519', SEED_BYTES);
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, Buffer.from(seed)]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey);
  return { id: publicKey.export({ format: 'jwk' }).x ?? '', publicKey, privateKey };
}

/** The public key that the id of an access key is; undefined for ids of other keys. */
export const toPublicKey = (id: string): KeyObject | undefined =>
  PUBLIC_KEY.test(id)
    ? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: id }, format: 'jwk' })
    : undefined;
