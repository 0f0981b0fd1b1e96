import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import type { Sealer } from '@insightdesk/shared/security';

/** What hides one request's content from whoever reads the database. */
export interface Seal {
  /** The same for the same words, and tells nothing of them. */
  print(words: readonly string[]): string;
  encrypt(text: string): string;
  /** Undefined for what another secret has encrypted. */
  decrypt(sealed: string): string | undefined;
}

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A seal of our secret and of the key that the client alone has: what is stored opens with both. */
export function createSeal(sealer: Sealer, purpose: string, key: string): Seal {
  const named = createHash('sha256').update(key).digest('hex');
  const secret = createHash('sha256')
    .update(sealer.seal(purpose, [named]))
    .digest();
  const derive = (use: string) => createHmac('sha256', secret).update(use).digest();
  return {
    print: (words) =>
      createHmac('sha256', derive('print')).update(JSON.stringify(words)).digest('base64url'),
    encrypt(text) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, derive('answer'), iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    decrypt(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
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
