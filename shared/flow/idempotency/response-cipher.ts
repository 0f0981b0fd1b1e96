import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import type { TokenCodec } from '@insightdesk/shared/security';

/** Hides the content of one request from readers of the database. */
export interface ResponseCipher {
  /** A keyed hash of `parts`. */
  fingerprint(parts: readonly string[]): string;
  encrypt(text: string): string;
  /** Undefined for a text that was encrypted with another secret. */
  decrypt(encrypted: string): string | undefined;
}

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Derives the secret from ours and from `key`, which only the client has: both are needed to decrypt. */
export function createResponseCipher(
  tokenCodec: TokenCodec,
  purpose: string,
  key: string,
): ResponseCipher {
  const hashedKey = createHash('sha256').update(key).digest('hex');
  const secret = createHash('sha256')
    .update(tokenCodec.encode(purpose, [hashedKey]))
    .digest();
  const derive = (use: string) => createHmac('sha256', secret).update(use).digest();
  return {
    fingerprint: (parts) =>
      createHmac('sha256', derive('print')).update(JSON.stringify(parts)).digest('base64url'),
    encrypt(text) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, derive('answer'), iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    decrypt(encrypted) {
      const bytes = Buffer.from(encrypted, 'base64');
      const iv = bytes.subarray(0, IV_BYTES);
      const body = bytes.subarray(IV_BYTES + TAG_BYTES);
      try {
        const cipher = createDecipheriv(CIPHER, derive('answer'), iv);
        cipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        return Buffer.concat([cipher.update(body), cipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
}
