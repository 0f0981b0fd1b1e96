import { hmacSha256, safeEqual } from './hashes.ts';

/** Makes tokens that carry what they name and cannot be forged; nothing of them is stored. */
export interface Sealer {
  /** A URL-safe token over `parts` (no part may contain a space). */
  seal(purpose: string, parts: readonly string[]): string;
  /** The parts of a genuine token of this purpose, else undefined. */
  open(purpose: string, token: string): string[] | undefined;
}

/** Builds a sealer (HMAC-SHA-256) from a secret. */
export function createSealer(secret: string): Sealer {
  const mac = (purpose: string, body: string) => hmacSha256(secret, `${purpose}\n${body}`);
  return {
    seal(purpose, parts) {
      const body = Buffer.from(parts.join(' ')).toString('base64url');
      return `${body}.${mac(purpose, body).toString('base64url')}`;
    },
    open(purpose, token) {
      const [body = '', given = '', rest] = token.split('.');
      const genuine = safeEqual(Buffer.from(given, 'base64url'), mac(purpose, body));
      if (!genuine || rest !== undefined) return undefined;
      return Buffer.from(body, 'base64url').toString().split(' ');
    },
  };
}
