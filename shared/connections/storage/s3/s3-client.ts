import { createHash } from 'node:crypto';
import { InfrastructureError } from '@insightdesk/shared/errors';
import { requestStorage, describeResponse } from '../remote/request-storage.ts';
import { xmlText } from '../remote/xml.ts';
import { EMPTY_SHA256, presign, queryOf, type S3Account, signHeaders } from './signature.ts';

export interface S3Options extends S3Account {
  bucket: string;
  /** Of another service than AWS, such as `https://<account>.r2.cloudflarestorage.com`. */
  endpoint?: string | undefined;
  /** Where clients reach the same service, if elsewhere. */
  publicEndpoint?: string | undefined;
}

interface Call {
  method: string;
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
  signal?: AbortSignal | undefined;
  /** Statuses that the caller understands, beside 2xx. */
  expected?: readonly number[];
}

/** Signed requests to one bucket. */
export type S3Client = ReturnType<typeof createS3Client>;

/** Builds the client; nothing is asked yet. */
export function createS3Client(options: S3Options) {
  const root = rootOf(options.endpoint, options);
  const publicRoot = rootOf(options.publicEndpoint ?? options.endpoint, options);

  async function ask(call: Call): Promise<Response> {
    const { method, key = '', query = {}, headers = {}, body, signal, expected = [] } = call;
    const url = addressOf(root, key, query);
    const payloadHash = body === undefined ? EMPTY_SHA256 : sha256(body);
    const answer = await requestStorage({
      what: `${method} in a bucket`,
      method,
      body,
      signal,
      sign: () => ({
        url: `${url.origin}${url.pathname}?${queryOf(url)}`,
        headers: signHeaders(options, { method, url, headers, payloadHash }),
      }),
    });
    if (answer.ok || expected.includes(answer.status)) return answer;
    throw refused(method, await describeResponse(answer));
  }

  return {
    ask,
    /** The text of an answer; services send faults with the status 200 when they took long. */
    async askText(call: Call): Promise<string> {
      const text = await (await ask(call)).text();
      if (xmlText(text, 'Code') !== undefined) throw refused(call.method, text.slice(0, 300));
      return text;
    },
    presign(
      { method, key, query = {}, headers = {} }: Required<Pick<Call, 'method' | 'key'>> & Call,
      expiresInSeconds: number,
    ): string {
      const url = addressOf(publicRoot, key, query);
      return presign(options, { method, url, headers }, expiresInSeconds);
    },
  };
}

function rootOf(endpoint: string | undefined, { bucket, region }: S3Options): string {
  if (endpoint) return `${endpoint.replace(/\/$/, '')}/${bucket}`;
  // A certificate for *.s3… does not cover dots.
  return bucket.includes('.')
    ? `https://s3.${region}.amazonaws.com/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`;
}

function addressOf(root: string, key: string, query: Record<string, string>): URL {
  const url = new URL(key ? `${root}/${key}` : root);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

const sha256 = (body: Uint8Array | string) => createHash('sha256').update(body).digest('hex');

const refused = (method: string, reason: string) =>
  new InfrastructureError(`The bucket refused ${method}: ${reason}`);
