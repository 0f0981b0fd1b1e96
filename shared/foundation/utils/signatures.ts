import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign as signEd25519,
  timingSafeEqual,
  verify as verifyEd25519,
} from 'node:crypto';

/** A pair of Ed25519 keys, 32 bytes each. */
export interface SigningPair {
  privateKey: Uint8Array;
  publicKey: Uint8Array;
}

/** A key and the id under which a verifier knows it. */
export interface NamedKey {
  id: string;
  algorithm: 'hmac-sha256' | 'ed25519';
  /** The shared secret; of Ed25519 the private key to sign and the public one to verify. */
  key: Uint8Array;
}

/** What DER puts before the 32 bytes of a private and of a public key (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;

/** The pair that belongs to a private key. */
export function toSigningPair(privateKey: Uint8Array): SigningPair {
  const der = createPublicKey(toPrivate(privateKey)).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: new Uint8Array(der.subarray(-KEY_BYTES)) };
}

/** The signature of a text, raw. */
export function sign({ algorithm, key }: Omit<NamedKey, 'id'>, text: string): Buffer {
  if (algorithm === 'hmac-sha256') return createHmac('sha256', key).update(text).digest();
  return signEd25519(null, Buffer.from(text), toPrivate(key));
}

/** Whether one of the keys that is called `id` made this signature; an unknown id made none. */
export function verify(
  keys: readonly NamedKey[],
  id: string,
  { text, signature }: { text: string; signature: Uint8Array },
): boolean {
  return keys.some((one) => {
    if (one.id !== id) return false;
    if (one.algorithm === 'hmac-sha256') return isEqual(sign(one, text), signature);
    const key = createPublicKey({
      key: Buffer.concat([PUBLIC, one.key]),
      format: 'der',
      type: 'spki',
    });
    return verifyEd25519(null, Buffer.from(text), key, signature);
  });
}

const isEqual = (a: Uint8Array, b: Uint8Array) => a.length === b.length && timingSafeEqual(a, b);

const toPrivate = (key: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([PRIVATE, key]), format: 'der', type: 'pkcs8' });
