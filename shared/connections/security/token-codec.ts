import { hmacSha256, safeEqual } from './hashes.ts';
import { createKeyRing, type KeyRing, requireTokenSecret } from './key-ring.ts';

/** Encodes values into signed tokens, so that nothing has to be stored. */
export interface TokenCodec {
  /** A URL-safe token of `parts`, which must not contain spaces. */
  encode(purpose: string, parts: readonly string[]): string;
  /** The parts of a valid token of this purpose, else undefined. */
  decode(purpose: string, token: string): string[] | undefined;
  /** The signatures of `parts` by the current key and by those that still verify, for short tokens. */
  signatures(purpose: string, parts: readonly string[]): string[];
}

/** Builds a codec (HMAC-SHA-256) with one secret, or with keys, whose id is in the token. */
export function createTokenCodec(keys: string | KeyRing): TokenCodec {
  const ring = typeof keys === 'string' ? createKeyRing({ refreshSecret: keys }) : keys;
  const mac = (secret: string, purpose: string, body: string) =>
    hmacSha256(secret, `${purpose}\n${body}`).toString('base64url');
  return {
    encode(purpose, parts) {
      const key = ring.current();
      const { id } = key;
      const body = Buffer.from(parts.join(' ')).toString('base64url');
      const signed = `${body}.${mac(requireTokenSecret(key), purpose, body)}`;
      return id === ring.configured.id ? signed : `${signed}.${id}`;
    },
    decode(purpose, token) {
      const [body = '', signature = '', id = ring.configured.id, rest] = token.split('.');
      const key = ring.find(id);
      if (!key || rest !== undefined) return undefined;
      // Compared as text: several base64url texts decode to the same bytes.
      const isValid = safeEqual(
        Buffer.from(signature),
        Buffer.from(mac(requireTokenSecret(key), purpose, body)),
      );
      return isValid ? Buffer.from(body, 'base64url').toString().split(' ') : undefined;
    },
    signatures(purpose, parts) {
      const body = Buffer.from(parts.join(' ')).toString('base64url');
      return ring.tokenSecrets().map((secret) => mac(secret, purpose, body));
    },
  };
}
