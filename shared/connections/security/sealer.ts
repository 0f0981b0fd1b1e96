import { hmacSha256, safeEqual } from './hashes.ts';
import { createKeyRing, type KeyRing } from './key-ring.ts';

/** Makes tokens that carry what they name and cannot be forged; nothing of them is stored. */
export interface Sealer {
  /** A URL-safe token over `parts` (no part may contain a space). */
  seal(purpose: string, parts: readonly string[]): string;
  /** The parts of a genuine token of this purpose, else undefined. */
  open(purpose: string, token: string): string[] | undefined;
}

/** Builds a sealer (HMAC-SHA-256) from a secret, or from keys, whose id stands in the token. */
export function createSealer(keys: string | KeyRing): Sealer {
  const ring =
    typeof keys === 'string' ? createKeyRing({ jwtSecret: keys, refreshSecret: keys }) : keys;
  const mac = (secret: string, purpose: string, body: string) =>
    hmacSha256(secret, `${purpose}\n${body}`).toString('base64url');
  return {
    seal(purpose, parts) {
      const { id, seal } = ring.current();
      const body = Buffer.from(parts.join(' ')).toString('base64url');
      const signed = `${body}.${mac(seal, purpose, body)}`;
      return id === ring.first.id ? signed : `${signed}.${id}`;
    },
    open(purpose, token) {
      const [body = '', given = '', id = ring.first.id, rest] = token.split('.');
      const key = ring.find(id);
      if (!key || rest !== undefined) return undefined;
      // As texts: some other letters stand for the same bytes.
      const genuine = safeEqual(Buffer.from(given), Buffer.from(mac(key.seal, purpose, body)));
      return genuine ? Buffer.from(body, 'base64url').toString().split(' ') : undefined;
    },
  };
}
