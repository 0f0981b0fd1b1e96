import { createHmac, timingSafeEqual } from 'node:crypto';
import { ForbiddenError } from '@insightdesk/shared/errors';
import type { KeyRing } from '@insightdesk/shared/security';
import type { SignDownloadOptions, SignedUpload, SignUploadOptions } from './storage-provider.ts';

/** What an address that we sign ourselves allows. */
export type SignedAccess = SignedRead | SignedWrite;

export interface SignedRead {
  method: 'GET';
  key: string;
  contentType?: string | undefined;
  fileName?: string | undefined;
  inline?: boolean | undefined;
}

export interface SignedWrite {
  method: 'PUT';
  key: string;
  contentType: string;
  /** Exactly so many bytes. */
  sizeBytes?: number | undefined;
  /** At most so many bytes. */
  maxBytes?: number | undefined;
}

/** Signs addresses of files that our own API serves, and tells them from forged ones. */
export interface UrlSigner {
  sign(access: SignedAccess, expiresInSeconds: number): string;
  /**
   * What a request to a signed address may do; HEAD is GET. Throws ForbiddenError with the code
   * SIGNATURE_INVALID, or SIGNATURE_EXPIRED for a genuine one that is too old.
   */
  verify(request: { method: string; url: string }): Promise<SignedAccess>;
}

export interface UrlSignerOptions {
  /** One secret, or the keys that tokens are signed with: then addresses end with their key. */
  secret: string | Pick<KeyRing, 'current' | 'seek'>;
  /** Where the API is reached from outside. */
  publicUrl: string;
}

/** Below it stands the key: `GET`, `HEAD` and `PUT <publicUrl>/files/signed/<key>`. */
const SIGNED_PATH = '/files/signed/';

// Ids of keys are asked for in the database.
const KEY_ID = /^[\w-]{1,40}$/;

type Access = Record<string, string>;

/** Builds a signer (HMAC-SHA-256 over method, key, expiry and every other parameter). */
export function createUrlSigner({ secret, publicUrl }: UrlSignerOptions): UrlSigner {
  const ring = typeof secret === 'string' ? onlyKey(secret) : secret;
  return {
    sign(access, expiresInSeconds) {
      const { id, seal } = ring.current();
      const parameters = toParameters(access, nowSeconds() + expiresInSeconds);
      const signature = `${id}.${mac(seal, access.key, parameters).toString('base64url')}`;
      const query = new URLSearchParams({ ...parameters, signature });
      return `${publicUrl.replace(/\/$/, '')}${SIGNED_PATH}${access.key}?${query}`;
    },
    async verify({ method, url }) {
      const { pathname, searchParams } = new URL(url);
      const { signature = '', ...parameters } = Object.fromEntries(searchParams);
      const key = pathname.startsWith(SIGNED_PATH) ? pathname.slice(SIGNED_PATH.length) : '';
      const [id = '', given = ''] = signature.split('.');
      const wellFormed = key !== '' && KEY_ID.test(id) && /^[\w-]{43}$/.test(given);
      const known = wellFormed && (await ring.seek(id));
      const own = known && mac(known.seal, key, parameters).toString('base64url');
      // As texts: some other letters stand for the same bytes.
      if (!own || !timingSafeEqual(Buffer.from(own), Buffer.from(given))) throw forged();
      if (parameters.method !== (method === 'HEAD' ? 'GET' : method)) throw forged();
      if (Number(parameters.expires) < nowSeconds()) throw expired();
      return fromParameters(key, parameters);
    },
  };
}

/** What a provider without addresses of its own answers to `signDownload`. */
export function signDownloadUrl(
  signer: UrlSigner,
  key: string,
  { expiresInSeconds, contentType, fileName, inline }: SignDownloadOptions,
): string {
  const access = { method: 'GET' as const, key, contentType, fileName, inline };
  return signer.sign(access, expiresInSeconds);
}

/** What a provider without addresses of its own answers to `signUpload`. */
export function signUploadUrl(
  signer: UrlSigner,
  key: string,
  { expiresInSeconds, contentType, sizeBytes, maxBytes }: SignUploadOptions,
): SignedUpload {
  const access = { method: 'PUT' as const, key, contentType, sizeBytes, maxBytes };
  const headers = { 'Content-Type': contentType };
  return { url: signer.sign(access, expiresInSeconds), method: 'PUT', headers };
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

function onlyKey(seal: string): Pick<KeyRing, 'current' | 'seek'> {
  const key = { id: '1', seal, access: new Uint8Array() };
  return { current: () => key, seek: async (id) => (id === key.id ? key : undefined) };
}

// The keys sign tokens too; the first line keeps either from being taken for the other.
function mac(secret: string, key: string, parameters: Access): Buffer {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = `address of a file\n${JSON.stringify([key, sorted])}`;
  return createHmac('sha256', secret).update(text).digest();
}

function toParameters(access: SignedAccess, expires: number): Access {
  const { key: _, ...rest } = access;
  const entries = Object.entries({ ...rest, expires }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

// Whatever arrives here was signed by us.
function fromParameters(key: string, parameters: Access): SignedAccess {
  const { method, contentType, fileName, inline, sizeBytes, maxBytes } = parameters;
  if (method === 'PUT') {
    return {
      method,
      key,
      contentType: contentType ?? 'application/octet-stream',
      ...(sizeBytes === undefined ? {} : { sizeBytes: Number(sizeBytes) }),
      ...(maxBytes === undefined ? {} : { maxBytes: Number(maxBytes) }),
    };
  }
  return {
    method: 'GET',
    key,
    ...(contentType === undefined ? {} : { contentType }),
    ...(fileName === undefined ? {} : { fileName }),
    ...(inline === undefined ? {} : { inline: inline === 'true' }),
  };
}

const forged = () =>
  new ForbiddenError('This link is not one of ours', { code: 'SIGNATURE_INVALID' });
const expired = () => new ForbiddenError('This link has expired', { code: 'SIGNATURE_EXPIRED' });
