import { randomBytes } from 'node:crypto';
import { sign, toSigningPair } from '@insightdesk/shared/utils';

const SECRET = 'whsec_';
const PRIVATE = 'whsk_';
const PUBLIC = 'whpk_';

/** What one generation of a webhook signs with, in the notation of Standard Webhooks. */
export interface WebhookKeys {
  /** For both sides: `v1`, HMAC-SHA-256. */
  secret: string;
  /** Ours alone, and what its receiver verifies by: `v1a`, Ed25519. */
  privateKey: string;
  publicKey: string;
}

export function newKeys(): WebhookKeys {
  const { privateKey, publicKey } = toSigningPair(randomBytes(32));
  return {
    secret: write(SECRET, randomBytes(32)),
    privateKey: write(PRIVATE, privateKey),
    publicKey: write(PUBLIC, publicKey),
  };
}

/** The headers by which a receiver knows who sent this; `keys` are secrets and private keys. */
export function signedHeaders(
  { id, at, body }: { id: string; at: Date; body: string },
  keys: readonly string[],
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000);
  const text = `${id}.${timestamp}.${body}`;
  const signatures = keys.map((key) =>
    key.startsWith(PRIVATE)
      ? `v1a,${sign({ algorithm: 'ed25519', key: read(PRIVATE, key) }, text).toString('base64')}`
      : `v1,${sign({ algorithm: 'hmac-sha256', key: read(SECRET, key) }, text).toString('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}

const write = (prefix: string, bytes: Uint8Array) =>
  `${prefix}${Buffer.from(bytes).toString('base64')}`;
const read = (prefix: string, text: string) => Buffer.from(text.slice(prefix.length), 'base64');
