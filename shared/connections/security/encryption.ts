import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { InfrastructureError } from '@insightdesk/shared/errors';

/**
 * Purposes of encrypted secrets. `stored` ones are in the database and re-encrypted when the key changes
 * (`desk keys reencrypt`); `temporary` ones are held by a client for some minutes.
 */
export const secretPurposes = {
  'signing-key': 'stored',
  webhook: 'stored',
  totp: 'stored',
  'oauth-client': 'stored',
  'identity-key': 'stored',
  'oauth-request': 'temporary',
  'oauth-ticket': 'temporary',
  passkey: 'temporary',
} as const satisfies Record<string, 'stored' | 'temporary'>;

export type SecretPurpose = keyof typeof secretPurposes;
/** Purposes of secrets in the database. */
export type StoredPurpose = {
  [P in SecretPurpose]: (typeof secretPurposes)[P] extends 'stored' ? P : never;
}[SecretPurpose];

/** Encrypts secrets that must be read again, bound to a purpose and an owner. */
export interface Encryption {
  /** `owner` is the id of the organization or user of the secret. */
  encrypt(purpose: SecretPurpose, text: string, owner?: string): string;
  /** Throws unless the text was encrypted for this purpose and owner with a known key. */
  decrypt(purpose: SecretPurpose, encrypted: string, owner?: string): string;
  /** Whether it is encrypted with the current key; false for plain text. */
  isCurrent(text: string): boolean;
  /** Whether it has the format of `encrypt`, with any key. */
  isEncrypted(text: string): boolean;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENCRYPTED = /^sec1\.([0-9a-f]{8})\.([\w-]{38,})$/;

interface Key {
  id: string;
  bytes: Buffer;
}

/**
 * Builds the encryption from the current and previous keys, if this service has them: AES-256-GCM, with purpose and owner as
 * associated data. An encrypted text is `sec1.<key id>.<nonce, ciphertext and tag in base64url>`.
 */
export function createEncryption(
  current: string | undefined,
  previous: readonly string[] = [],
): Encryption {
  const currentKey = current === undefined ? undefined : toKey(current);
  const all = [...previous.map(toKey), ...(currentKey ? [currentKey] : [])];
  const keys = new Map(all.map((key) => [key.id, key]));

  return {
    encrypt(purpose, text, owner = '') {
      if (!currentKey) throw new SecretError('ENCRYPTION_KEY is not set in this service');
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', currentKey.bytes, nonce);
      cipher.setAAD(associatedData(purpose, owner));
      const encrypted = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return `sec1.${currentKey.id}.${Buffer.concat(encrypted).toString('base64url')}`;
    },
    decrypt(purpose, encrypted, owner = '') {
      const [, id = '', body = ''] = ENCRYPTED.exec(encrypted) ?? [];
      const key = keys.get(id);
      if (!key) throw new SecretError(`Unknown encryption key ${id} of a secret for ${purpose}`);
      try {
        return decryptBody(key, Buffer.from(body, 'base64url'), associatedData(purpose, owner));
      } catch (cause) {
        throw new SecretError(`Decrypting a secret for ${purpose} failed`, cause);
      }
    },
    isCurrent: (text) => ENCRYPTED.exec(text)?.[1] === currentKey?.id,
    isEncrypted: (text) => ENCRYPTED.test(text),
  };
}

class SecretError extends InfrastructureError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'SECRET_UNREADABLE', cause });
  }
}

function decryptBody({ bytes }: Key, body: Buffer, data: Buffer): string {
  const nonce = body.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(data).setAuthTag(body.subarray(-TAG_BYTES));
  const text = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
}

/** The id is derived from the secret and reveals nothing about it. */
function toKey(secret: string): Key {
  const derive = (info: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', info, length));
  return { id: derive('insightdesk key id', 4).toString('hex'), bytes: derive('insightdesk', 32) };
}

const associatedData = (purpose: string, owner: string) =>
  Buffer.from(JSON.stringify([purpose, owner]));
