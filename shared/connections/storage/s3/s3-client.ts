import { createHash } from 'node:crypto';
import { InfrastructureError } from '@insightdesk/shared/errors';
import { describeResponse, requestStorage } from '../remote/request-storage.ts';
import { xmlText } from '../remote/xml.ts';
import { EMPTY_SHA256, presign, queryOf, type S3Account, signHeaders } from './signature.ts';

export interface S3Options extends S3Account {
  bucket: string;
  /** URL of another service than AWS, such as `https://<account>.r2.cloudflarestorage.com`. */
  endpoint?: string | undefined;
  /** URL at which clients reach the same service, if it differs. */
  publicEndpoint?: string | undefined;
}

interface Call {
  method: string;
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
  signal?: AbortSignal | undefined;
  /** Statuses that the caller handles, beside 2xx. */
  expected?: readonly number[];
}

/** Sends signed requests to a bucket. */
export type S3Client = ReturnType<typeof createS3Client>;

/** Creates a client; sends no request. */
export function createS3Client(options: S3Options) {
  const root = rootOf(options.endpoint, options);
  const publicRoot = rootOf(options.publicEndpoint ?? options.endpoint, options);

  async function request(call: Call): Promise<Response> {
    const { method, key = '', query = {}, headers = {}, body, signal, expected = [] } = call;
    const url = urlOf(root, key, query);
    const payloadHash = body === undefined ? EMPTY_SHA256 : sha256(body);
    const response = await requestStorage({
      operation: `${method} in a bucket`,
      method,
      body,
      signal,
      sign: () => ({
        url: `${url.origin}${url.pathname}?${queryOf(url)}`,
        headers: signHeaders(options, { method, url, headers, payloadHash }),
      }),
    });
    if (response.ok || expected.includes(response.status)) return response;
    throw rejected(method, await describeResponse(response));
  }

  return {
    request,
    /** The text of a response; throws on errors that the service sends with status 200. */
    async requestText(call: Call): Promise<string> {
      const text = await (await request(call)).text();
      if (xmlText(text, 'Code') !== undefined) throw rejected(call.method, text.slice(0, 300));
      return text;
    },
    presign(
      { method, key, query = {}, headers = {} }: Required<Pick<Call, 'method' | 'key'>> & Call,
      expiresInSeconds: number,
    ): string {
      const url = urlOf(publicRoot, key, query);
      return presign(options, { method, url, headers }, expiresInSeconds);
    },
  };
}

function rootOf(endpoint: string | undefined, { bucket, region }: S3Options): string {
  if (endpoint) return `${endpoint.replace(/\/$/, '')}/${bucket}`;
  // The wildcard certificate does not cover bucket names with dots.
  return bucket.includes('.')
    ? `https://s3.${region}.amazonaws.com/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`;
}

function urlOf(root: string, key: string, query: Record<string, string>): URL {
  const url = new URL(key ? `${root}/${key}` : root);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

const sha256 = (body: Uint8Array | string) => createHash('sha256').update(body).digest('hex');

const rejected = (method: string, reason: string) =>
  new InfrastructureError(`The bucket rejected ${method}: ${reason}`);
