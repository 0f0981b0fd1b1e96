import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign as signEd25519,
  timingSafeEqual,
  verify as verifyEd25519,
} from 'node:crypto';

/** A pair of Ed25519 keys, 32 bytes each. */
export interface SigningKeyPair {
  privateKey: Uint8Array;
  publicKey: Uint8Array;
}

/** A key and its id. */
export interface NamedKey {
  id: string;
  algorithm: 'hmac-sha256' | 'ed25519';
  /** HMAC: the shared secret; Ed25519: the private key to sign, the public key to verify. */
  key: Uint8Array;
}

/** DER prefixes of the 32 bytes of a private and a public key (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;

/** The key pair of a private key. */
export function toSigningKeyPair(privateKey: Uint8Array): SigningKeyPair {
  const der = createPublicKey(toPrivate(privateKey)).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: new Uint8Array(der.subarray(-KEY_BYTES)) };
}

/** The raw signature of a text. */
export function sign({ algorithm, key }: Omit<NamedKey, 'id'>, text: string): Buffer {
  if (algorithm === 'hmac-sha256') return createHmac('sha256', key).update(text).digest();
  return signEd25519(null, Buffer.from(text), toPrivate(key));
}

/** Whether the key with this id made the signature; false for an unknown id. */
export function verify(
  keys: readonly NamedKey[],
  id: string,
  { text, signature }: { text: string; signature: Uint8Array },
): boolean {
  return keys.some((named) => {
    if (named.id !== id) return false;
    if (named.algorithm === 'hmac-sha256') return isEqual(sign(named, text), signature);
    const key = createPublicKey({
      key: Buffer.concat([PUBLIC_PREFIX, named.key]),
      format: 'der',
      type: 'spki',
    });
    return verifyEd25519(null, Buffer.from(text), key, signature);
  });
}

const isEqual = (a: Uint8Array, b: Uint8Array) => a.length === b.length && timingSafeEqual(a, b);

const toPrivate = (key: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, key]), format: 'der', type: 'pkcs8' });
