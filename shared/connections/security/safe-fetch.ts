import { lookup as lookUp } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { NetworkError, ServiceError } from '@insightdesk/shared/errors';
import { isPublicAddress } from './addresses.ts';

/** What is sent to an address that somebody else chose. */
export interface SafeRequest {
  method: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

/** What came back: at most the first `maxBytes` of the body. */
export interface SafeResponse {
  status: number;
  headers: Record<string, string | undefined>;
  body: string;
}

/** Requests to addresses that users chose; see `createSafeFetch`. */
export interface SafeFetch {
  /** Throws UnsafeUrlError for what is refused, NetworkError for what does not answer. */
  (url: string, request: SafeRequest): Promise<SafeResponse>;
  /** Throws UnsafeUrlError for a URL that would be refused whatever its name resolves to. */
  check(url: string): void;
}

export interface SafeFetchOptions {
  /** Lets private addresses and plain HTTP through: for development and tests only. */
  allowPrivate: boolean;
  timeoutMs?: number;
  maxBytes?: number;
  /** All addresses of a name. */
  resolve?(hostname: string): Promise<readonly string[]>;
  /** PEM of an authority to trust besides the usual ones. */
  ca?: string;
}

/** The URL leads, or may lead, to where outsiders have no business. */
export class UnsafeUrlError extends ServiceError {
  constructor(message: string) {
    super(message, {
      code: 'UNSAFE_URL',
      status: 422,
      errors: [{ path: 'url', message }],
    });
  }
}

/**
 * Builds requests that cannot be turned against our own network: the name is resolved once, every
 * address must be public, the connection goes to the checked address, redirects are not followed,
 * time (10 s in all) and bytes (64 KB) are bounded.
 */
export function createSafeFetch(options: SafeFetchOptions): SafeFetch {
  const { allowPrivate, timeoutMs = 10_000, resolve = resolveAll } = options;
  const limits = { maxBytes: options.maxBytes ?? 65_536, ca: options.ca };

  function check(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) throw new UnsafeUrlError('Not an https:// URL');
    if (url.username || url.password) throw new UnsafeUrlError('Must not contain a password');
    if (allowPrivate) return url;
    if (url.protocol !== 'https:') throw new UnsafeUrlError('Not an https:// URL');
    const host = hostOf(url);
    if (/(^|\.)(localhost|local|internal)\.?$/.test(host) || (isIP(host) && !isPublicAddress(host)))
      throw new UnsafeUrlError('This address is not public');
    return url;
  }

  async function addressOf(url: URL): Promise<string> {
    const host = hostOf(url);
    const addresses = isIP(host) ? [host] : await resolve(host);
    const [address] = addresses;
    if (address === undefined) throw new NetworkError('The name has no address');
    if (!allowPrivate && !addresses.every(isPublicAddress)) {
      throw new UnsafeUrlError('This address is not public');
    }
    return address;
  }

  async function send(text: string, request: SafeRequest): Promise<SafeResponse> {
    const url = check(text);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const address = await untilAborted(addressOf(url), signal);
      return await exchange(url, request, { ...limits, address, signal });
    } catch (error) {
      if (error instanceof UnsafeUrlError) throw error;
      const why = signal.aborted ? `No answer within ${timeoutMs} ms` : reasonOf(error);
      throw new NetworkError(why, { cause: error });
    }
  }

  return Object.assign(send, { check: (text: string) => void check(text) });
}

interface Connection {
  address: string;
  signal: AbortSignal;
  maxBytes: number;
  ca: string | undefined;
}

function exchange(
  url: URL,
  { method, headers, body = '' }: SafeRequest,
  { address, signal, maxBytes, ca }: Connection,
): Promise<SafeResponse> {
  const isSecure = url.protocol === 'https:';
  const family = isIP(address);
  return new Promise((resolve, reject) => {
    const request = (isSecure ? requestHttps : requestHttp)(
      url,
      {
        method,
        headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
        agent: false,
        signal,
        // The name is not resolved again: what was checked is what is connected to.
        lookup: (_host, { all }, done) =>
          all ? done(null, [{ address, family }]) : done(null, address, family),
        ...(isSecure && ca !== undefined && { ca }),
      },
      (response) => {
        readUpTo(response, maxBytes).then((text) => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as SafeResponse['headers'],
            body: text,
          });
          request.destroy();
        }, reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function readUpTo(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks).toString();
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

const resolveAll = async (hostname: string) =>
  (await lookUp(hostname, { all: true })).map(({ address }) => address);

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '').toLowerCase();

const reasonOf = (error: unknown) =>
  error instanceof Error
    ? `${'code' in error ? `${error.code}: ` : ''}${error.message}`
    : 'Unknown';
