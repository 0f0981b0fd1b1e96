import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { TenantContext } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { apiKeySecrets } from './tables.ts';

const PREFIX = 'idk_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BODY_LENGTH = 86;
const CHECKSUM_LENGTH = 6;
const pattern = new RegExp(
  `^${PREFIX}([0-9A-Za-z]{${BODY_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`,
);

/** Identifies a secret; not secret itself. */
interface SecretId {
  tenantId: Id<'org'>;
  secretId: Id<'ses'>;
}

/** Whether a bearer token has the form of an API key. */
export const isApiKey = (token: string): boolean => token.startsWith(PREFIX);

/**
 * Generates `idk_`, 86 base62 characters (organization id, secret id and 256 random bits) and 6 of
 * CRC-32, by which secret scanners recognize it.
 */
export function generateSecret({ tenantId, secretId }: SecretId): string {
  const bytes = Buffer.concat([uuidBytes(tenantId), uuidBytes(secretId), randomBytes(32)]);
  const body = toBase62(BigInt(`0x${bytes.toString('hex')}`), BODY_LENGTH);
  return `${PREFIX}${body}${checksumOf(body)}`;
}

/** Undefined for text without a valid checksum. Needs no database. */
export function parseSecret(secret: string): SecretId | undefined {
  const [, body = '', checksum] = pattern.exec(secret) ?? [];
  if (checksum === undefined || checksumOf(body) !== checksum) return undefined;
  const hex = fromBase62(body).toString(16).padStart(128, '0');
  if (hex.length > 128) return undefined;
  const tenantId = fromUuid('org', hex.slice(0, 32));
  const secretId = fromUuid('ses', hex.slice(32, 64));
  return { tenantId, secretId };
}

/** SHA-256: a secret has 256 random bits, so no slow hash is needed. */
export const hashSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex');

const uuidBytes = (id: Id) => Buffer.from(toUuid(id).replaceAll('-', ''), 'hex');

const checksumOf = (body: string) => toBase62(BigInt(crc32(PREFIX + body)), CHECKSUM_LENGTH);

function toBase62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value, i = 0; i < length; i++, rest /= 62n) {
    text = alphabet[Number(rest % 62n)] + text;
  }
  return text;
}

function fromBase62(text: string): bigint {
  let value = 0n;
  for (const character of text) value = value * 62n + BigInt(alphabet.indexOf(character));
  return value;
}

/** Creates a secret of a key; the database stores only its hash. */
export async function createSecret(
  { tx, tenantId }: TenantContext,
  key: { id: Id<'key'>; expiresAt: Date },
): Promise<string> {
  const id = newId('ses');
  const secret = generateSecret({ tenantId, secretId: id });
  const row = { tenantId, id, keyId: key.id, hash: hashSecret(secret), expiresAt: key.expiresAt };
  await tx.insert(apiKeySecrets).values(row);
  return secret;
}
