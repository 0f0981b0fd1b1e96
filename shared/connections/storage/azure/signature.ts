import { createHmac } from 'node:crypto';

export interface AzureAccount {
  account: string;
  /** Base64. */
  accessKey: string;
}

export const VERSION = '2021-12-02';

interface AzureRequest {
  method: string;
  url: URL;
  /** Lower-case names. */
  headers: Record<string, string>;
  sizeBytes: number;
}

/** The headers of a signed request (Shared Key). */
export function signHeaders(account: AzureAccount, request: AzureRequest): Record<string, string> {
  const date = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': VERSION };
  const headers: Record<string, string> = { ...request.headers, ...date };
  const { method, url, sizeBytes } = request;
  const length = sizeBytes > 0 ? String(sizeBytes) : '';
  const { 'content-md5': md5 = '', 'content-type': type = '' } = headers;
  const own = Object.keys(headers).filter((name) => name.startsWith('x-ms-'));
  const lines = own.sort().map((name) => `${name}:${headers[name]}`);
  const query = [...url.searchParams].map(([name, value]) => `${name}:${value}`).sort();
  const resource = `/${account.account}${url.pathname}`;
  const standard = [method, '', '', length, md5, type, '', '', '', '', '', ''];
  const text = [...standard, ...lines, resource, ...query].join('\n');
  return {
    ...headers,
    authorization: `SharedKey ${account.account}:${hmac(account.accessKey, text)}`,
  };
}

interface SharedAccess {
  /** `r`, or `cw` to create and write. */
  permissions: string;
  container: string;
  blob: string;
  expiresInSeconds: number;
  contentType?: string | undefined;
  disposition?: string | undefined;
}

/** The query of a signed URL for one blob (a service SAS). */
export function sharedAccess(account: AzureAccount, access: SharedAccess): URLSearchParams {
  const { permissions, container, blob, expiresInSeconds } = access;
  const { contentType = '', disposition = '' } = access;
  const expiresAt = Math.ceil(Date.now() / 1000) + expiresInSeconds;
  const expiry = new Date(expiresAt * 1000).toISOString().replace('.000', '');
  const resource = `/blob/${account.account}/${container}/${blob}`;
  const named = [permissions, '', expiry, resource, '', '', '', VERSION, 'b', '', ''];
  const signature = hmac(
    account.accessKey,
    [...named, '', disposition, '', '', contentType].join('\n'),
  );
  return new URLSearchParams({
    sv: VERSION,
    sr: 'b',
    sp: permissions,
    se: expiry,
    ...(disposition && { rscd: disposition }),
    ...(contentType && { rsct: contentType }),
    sig: signature,
  });
}

const hmac = (key: string, text: string) =>
  createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
