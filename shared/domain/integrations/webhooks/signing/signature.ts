import { randomBytes } from 'node:crypto';
import { sign, toSigningKeyPair } from '@insightdesk/shared/utils';

const SECRET = 'whsec_';
const PRIVATE = 'whsk_';
const PUBLIC = 'whpk_';

/** One generation of a webhook's keys, in the notation of Standard Webhooks. */
export interface WebhookKeys {
  /** `v1`, HMAC-SHA-256; shared with the receiver. */
  secret: string;
  /** `v1a`, Ed25519; the receiver has the public key. */
  privateKey: string;
  publicKey: string;
}

export function newKeys(): WebhookKeys {
  const { privateKey, publicKey } = toSigningKeyPair(randomBytes(32));
  return {
    secret: encode(SECRET, randomBytes(32)),
    privateKey: encode(PRIVATE, privateKey),
    publicKey: encode(PUBLIC, publicKey),
  };
}

/** The signature headers of a delivery; `keys` are secrets and private keys. */
export function signedHeaders(
  { id, at, body }: { id: string; at: Date; body: string },
  keys: readonly string[],
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000);
  const text = `${id}.${timestamp}.${body}`;
  const signatures = keys.map((key) =>
    key.startsWith(PRIVATE)
      ? `v1a,${sign({ algorithm: 'ed25519', key: decode(PRIVATE, key) }, text).toString('base64')}`
      : `v1,${sign({ algorithm: 'hmac-sha256', key: decode(SECRET, key) }, text).toString('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}

const encode = (prefix: string, bytes: Uint8Array) =>
  `${prefix}${Buffer.from(bytes).toString('base64')}`;
const decode = (prefix: string, text: string) => Buffer.from(text.slice(prefix.length), 'base64');
