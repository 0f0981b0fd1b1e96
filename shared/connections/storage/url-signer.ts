import { createHmac, timingSafeEqual } from 'node:crypto';
import { ForbiddenError } from '@insightdesk/shared/errors';
import type { KeyRing } from '@insightdesk/shared/security';
import type { SignDownloadOptions, SignedUpload, SignUploadOptions } from './storage-provider.ts';

/** What a signed URL allows. */
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
  /** Exact size. */
  sizeBytes?: number | undefined;
  /** Maximum size. */
  maxBytes?: number | undefined;
}

/** Signs and verifies URLs of files that the API serves. */
export interface UrlSigner {
  sign(access: SignedAccess, expiresInSeconds: number): string;
  /**
   * What a request to a signed URL may do; HEAD counts as GET. Throws ForbiddenError with the code
   * SIGNATURE_INVALID or SIGNATURE_EXPIRED.
   */
  verify(request: { method: string; url: string }): Promise<SignedAccess>;
}

export interface UrlSignerOptions {
  /** One secret, or the keys that sign tokens: then URLs are valid as long as their key. */
  secret: string | Pick<KeyRing, 'current' | 'findOrRefresh'>;
  /** Public URL of the API. */
  publicUrl: string;
}

/** The path of signed URLs; the key of the file follows. */
const SIGNED_PATH = '/files/signed/';

// Unknown key ids are looked up in the database.
const KEY_ID = /^[\w-]{1,43}$/;

type SignedParameters = Record<string, string>;

/** Creates a signer (HMAC-SHA-256 over method, key, expiry and every other parameter). */
export function createUrlSigner({ secret, publicUrl }: UrlSignerOptions): UrlSigner {
  const keys = typeof secret === 'string' ? singleKey(secret) : secret;
  return {
    sign(access, expiresInSeconds) {
      const { id, tokenSecret } = keys.current();
      const parameters = toParameters(access, nowSeconds() + expiresInSeconds);
      if (tokenSecret === undefined) throw new TypeError('This service has no key to sign URLs');
      const code = mac(tokenSecret, access.key, parameters);
      const signature = `${id}.${code.toString('base64url')}`;
      const query = new URLSearchParams({ ...parameters, signature });
      return `${publicUrl.replace(/\/$/, '')}${SIGNED_PATH}${access.key}?${query}`;
    },
    async verify({ method, url }) {
      const { pathname, searchParams } = new URL(url);
      const { signature = '', ...parameters } = Object.fromEntries(searchParams);
      const key = pathname.startsWith(SIGNED_PATH) ? pathname.slice(SIGNED_PATH.length) : '';
      const [id = '', actual = ''] = signature.split('.');
      const isWellFormed = key !== '' && KEY_ID.test(id) && /^[\w-]{43}$/.test(actual);
      const signingKey = isWellFormed ? await keys.findOrRefresh(id) : undefined;
      const secret = signingKey?.tokenSecret;
      const expected = secret && mac(secret, key, parameters).toString('base64url');
      // Compared as text, because several base64url texts decode to the same bytes.
      if (!expected || !timingSafeEqual(Buffer.from(expected), Buffer.from(actual))) {
        throw invalidSignature();
      }
      if (parameters.method !== (method === 'HEAD' ? 'GET' : method)) throw invalidSignature();
      if (Number(parameters.expires) < nowSeconds()) throw expiredSignature();
      return fromParameters(key, parameters);
    },
  };
}

/** `signDownload` for providers without signed URLs of their own. */
export function signDownloadUrl(
  signer: UrlSigner,
  key: string,
  { expiresInSeconds, contentType, fileName, inline }: SignDownloadOptions,
): string {
  const access = { method: 'GET' as const, key, contentType, fileName, inline };
  return signer.sign(access, expiresInSeconds);
}

/** `signUpload` for providers without signed URLs of their own. */
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

function singleKey(tokenSecret: string): Pick<KeyRing, 'current' | 'findOrRefresh'> {
  const key = { id: '1', tokenSecret };
  return { current: () => key, findOrRefresh: async (id) => (id === key.id ? key : undefined) };
}

// The keys sign tokens too; the first line prevents the use of one as the other.
function mac(secret: string, key: string, parameters: SignedParameters): Buffer {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = `file URL\n${JSON.stringify([key, sorted])}`;
  return createHmac('sha256', secret).update(text).digest();
}

function toParameters(access: SignedAccess, expires: number): SignedParameters {
  const { key: _, ...rest } = access;
  const entries = Object.entries({ ...rest, expires }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

// The signature of the parameters was verified.
function fromParameters(key: string, parameters: SignedParameters): SignedAccess {
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

const invalidSignature = () =>
  new ForbiddenError('The signature of the link is not valid', { code: 'SIGNATURE_INVALID' });
const expiredSignature = () =>
  new ForbiddenError('The link has expired', { code: 'SIGNATURE_EXPIRED' });
