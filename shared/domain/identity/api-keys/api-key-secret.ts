import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';

const PREFIX = 'idk_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BODY_LENGTH = 86;
const CHECKSUM_LENGTH = 6;
const pattern = new RegExp(
  `^${PREFIX}([0-9A-Za-z]{${BODY_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`,
);

/** Which secret it is, and of whose: not a secret by itself. */
export interface SecretId {
  tenantId: Id<'org'>;
  secretId: Id<'ses'>;
}

/** Whether a bearer's token is meant to be an API key. */
export const isApiKey = (token: string): boolean => token.startsWith(PREFIX);

/**
 * A new secret for an API key: `idk_`, 86 letters for the organisation, the secret's own id and 256
 * random bits, and 6 letters of CRC-32, by which scanners of source code tell it from other text.
 */
export function generateSecret({ tenantId, secretId }: SecretId): string {
  const bytes = Buffer.concat([uuidBytes(tenantId), uuidBytes(secretId), randomBytes(32)]);
  const body = toBase62(BigInt(`0x${bytes.toString('hex')}`), BODY_LENGTH);
  return `${PREFIX}${body}${checksumOf(body)}`;
}

/** What a secret names; undefined when it is none of ours. Needs no database. */
export function parseSecret(secret: string): SecretId | undefined {
  const [, body = '', check] = pattern.exec(secret) ?? [];
  if (check === undefined || checksumOf(body) !== check) return undefined;
  const hex = fromBase62(body).toString(16).padStart(128, '0');
  if (hex.length > 128) return undefined;
  const tenantId = fromUuid('org', hex.slice(0, 32));
  const secretId = fromUuid('ses', hex.slice(32, 64));
  return { tenantId, secretId };
}

/** What is kept of a secret: it has 256 random bits, so nothing slower is needed. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const uuidBytes = (id: Id) => Buffer.from(toUuid(id).replaceAll('-', ''), 'hex');

const checksumOf = (body: string) => toBase62(BigInt(crc32(PREFIX + body)), CHECKSUM_LENGTH);

function toBase62(value: bigint, letters: number): string {
  let text = '';
  for (let rest = value, i = 0; i < letters; i++, rest /= 62n) {
    text = alphabet[Number(rest % 62n)] + text;
  }
  return text;
}

function fromBase62(text: string): bigint {
  let value = 0n;
  for (const letter of text) value = value * 62n + BigInt(alphabet.indexOf(letter));
  return value;
}
