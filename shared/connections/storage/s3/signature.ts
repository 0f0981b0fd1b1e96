import { createHash, createHmac } from 'node:crypto';

export interface S3Account {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

export interface S3Request {
  method: string;
  url: URL;
  /** Lower-case names; all of them and `host` are signed. */
  headers?: Record<string, string>;
  /** SHA-256 of the body in hex. */
  payloadHash?: string;
  now?: Date;
}

export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The headers of a signed request (AWS Signature Version 4). */
export function signHeaders(account: S3Account, request: S3Request): Record<string, string> {
  const { url, payloadHash = EMPTY_SHA256, now = new Date() } = request;
  const stamp = stampOf(now);
  const own = { ...request.headers, 'x-amz-content-sha256': payloadHash, 'x-amz-date': stamp };
  const headers = { host: url.host, ...own };
  const scope = scopeOf(account, stamp);
  const signature = signatureOf(account, stamp, canonical(request, headers, payloadHash));
  const names = Object.keys(headers).sort().join(';');
  const credential = `Credential=${account.accessKeyId}/${scope}`;
  return {
    ...own,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** A signed URL; its user must send `headers` unchanged. */
export function presign(account: S3Account, request: S3Request, expiresInSeconds: number): string {
  const { now = new Date() } = request;
  const url = new URL(request.url);
  const stamp = stampOf(now);
  const headers = { host: url.host, ...request.headers };
  const parameters = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${account.accessKeyId}/${scopeOf(account, stamp)}`,
    'X-Amz-Date': stamp,
    'X-Amz-Expires': String(expiresInSeconds),
    'X-Amz-SignedHeaders': Object.keys(headers).sort().join(';'),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const text = canonical({ ...request, url }, headers, 'UNSIGNED-PAYLOAD');
  const signature = signatureOf(account, stamp, text);
  return `${url.origin}${url.pathname}?${queryOf(url)}&X-Amz-Signature=${signature}`;
}

const stampOf = (now: Date) => now.toISOString().replace(/[:-]|\.\d{3}/g, '');
const scopeOf = ({ region }: S3Account, stamp: string) =>
  `${stamp.slice(0, 8)}/${region}/s3/aws4_request`;

function canonical({ method, url }: S3Request, headers: Record<string, string>, hash: string) {
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]?.trim().replace(/\s+/g, ' ')}\n`);
  return [method, url.pathname, queryOf(url), lines.join(''), names.join(';'), hash].join('\n');
}

/** The query, sorted and encoded as the signature requires. */
export function queryOf(url: URL): string {
  const pairs = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return pairs.sort().join('&');
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function signatureOf(account: S3Account, stamp: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex');
  const signed = ['AWS4-HMAC-SHA256', stamp, scopeOf(account, stamp), hash].join('\n');
  const day = hmac(`AWS4${account.secretAccessKey}`, stamp.slice(0, 8));
  const key = hmac(hmac(hmac(day, account.region), 's3'), 'aws4_request');
  return hmac(key, signed).toString('hex');
}

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
