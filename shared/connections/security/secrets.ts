import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { InfrastructureError } from '@insightdesk/shared/errors';

/**
 * What is encrypted, and for how long: what is `kept` is encrypted anew by the key of now when that
 * changes (`desk keys reencrypt`), what is `passing` is with a client for some minutes only.
 */
export const secretPurposes = {
  'signing-key': 'kept',
  webhook: 'kept',
  totp: 'kept',
  'oauth-client': 'kept',
  'oauth-attempt': 'passing',
  'oauth-arrival': 'passing',
  passkey: 'passing',
} as const satisfies Record<string, 'kept' | 'passing'>;

export type SecretPurpose = keyof typeof secretPurposes;
/** Of what stands in the database. */
export type KeptPurpose = {
  [P in SecretPurpose]: (typeof secretPurposes)[P] extends 'kept' ? P : never;
}[SecretPurpose];

/** Keeps what must be read again, encrypted and bound to what it is for and whose it is. */
export interface Secrets {
  /** `owner` is the id of the organisation, or of the person, whose secret it is. */
  encrypt(purpose: SecretPurpose, text: string, owner?: string): string;
  /** Throws for anything that was not encrypted for this purpose and owner by a key of ours. */
  decrypt(purpose: SecretPurpose, sealed: string, owner?: string): string;
  /** Whether it is encrypted by the key of now; false also for what is not encrypted at all. */
  isCurrent(text: string): boolean;
  /** Whether it looks like something that `encrypt` made, by whatever key. */
  isSealed(text: string): boolean;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^sec1\.([0-9a-f]{8})\.([\w-]{38,})$/;

interface Key {
  id: string;
  bytes: Buffer;
}

/**
 * Builds it from ENCRYPTION_KEY and those before it: AES-256-GCM, purpose and owner as associated
 * data. A sealed text is `sec1.<id of the key>.<nonce, ciphertext and tag in base64url>`.
 */
export function createSecrets(current: string, previous: readonly string[] = []): Secrets {
  const now = toKey(current);
  const keys = new Map([...previous.map(toKey), now].map((key) => [key.id, key]));

  return {
    encrypt(purpose, text, owner = '') {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', now.bytes, nonce);
      cipher.setAAD(associated(purpose, owner));
      const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return `sec1.${now.id}.${Buffer.concat(sealed).toString('base64url')}`;
    },
    decrypt(purpose, sealed, owner = '') {
      const [, id = '', body = ''] = SEALED.exec(sealed) ?? [];
      const key = keys.get(id);
      if (!key) throw new SecretError(`A secret for ${purpose} is of no key that is known: ${id}`);
      try {
        return open(key, Buffer.from(body, 'base64url'), associated(purpose, owner));
      } catch (cause) {
        throw new SecretError(`A secret for ${purpose} does not open`, cause);
      }
    },
    isCurrent: (text) => SEALED.exec(text)?.[1] === now.id,
    isSealed: (text) => SEALED.test(text),
  };
}

class SecretError extends InfrastructureError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'SECRET_UNREADABLE', cause });
  }
}

function open({ bytes }: Key, body: Buffer, about: Buffer): string {
  const nonce = body.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(about).setAuthTag(body.subarray(-TAG_BYTES));
  const text = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
}

/** The id says nothing of the key, and is the same wherever the key is. */
function toKey(secret: string): Key {
  const derive = (info: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', info, length));
  return { id: derive('insightdesk key id', 4).toString('hex'), bytes: derive('insightdesk', 32) };
}

const associated = (purpose: string, owner: string) =>
  Buffer.from(JSON.stringify([purpose, owner]));
