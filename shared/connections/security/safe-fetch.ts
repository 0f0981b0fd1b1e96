import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { NetworkError, ServiceError } from '@insightdesk/shared/errors';
import { isPublicAddress } from './is-public-address.ts';

/** A request to a URL of a user. */
export interface SafeRequest {
  method: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** Shorter than the timeout of all requests. */
  timeoutMs?: number | undefined;
}

/** The response, with at most the first `maxBytes` of the body. */
export interface SafeResponse {
  status: number;
  headers: Record<string, string | undefined>;
  body: string;
}

/** SSRF-safe requests to URLs of users; see `createSafeFetch`. */
export interface SafeFetch {
  /** Throws UnsafeUrlError for a refused URL, NetworkError for a failed request. */
  (url: string, request: SafeRequest): Promise<SafeResponse>;
  /** Throws UnsafeUrlError for a URL that is refused without resolving its name. */
  check(url: string): void;
}

export interface SafeFetchOptions {
  /** Allows private addresses and plain HTTP: for development and tests only. */
  allowPrivate: boolean;
  timeoutMs?: number;
  maxBytes?: number;
  /** Resolves a name to all its addresses. */
  resolve?(hostname: string): Promise<readonly string[]>;
  /** PEM of an additional trusted certificate authority. */
  ca?: string;
}

/** The URL leads, or may lead, to a private address. */
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
 * Builds SSRF-safe requests: the name is resolved once, every address must be public, the connection
 * goes to the checked address, redirects are not followed, time (10 s in total) and size (64 KB) are
 * limited.
 */
export function createSafeFetch(options: SafeFetchOptions): SafeFetch {
  const { allowPrivate, timeoutMs = 10_000, resolve = resolveAll } = options;
  const limits = { maxBytes: options.maxBytes ?? 65_536, ca: options.ca };

  function check(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol))
      throw new UnsafeUrlError('must be an https:// URL');
    if (url.username || url.password) throw new UnsafeUrlError('must not contain a password');
    if (allowPrivate) return url;
    if (url.protocol !== 'https:') throw new UnsafeUrlError('must be an https:// URL');
    const host = hostOf(url);
    if (/(^|\.)(localhost|local|internal)\.?$/.test(host) || (isIP(host) && !isPublicAddress(host)))
      throw new UnsafeUrlError('must have a public address');
    return url;
  }

  async function addressOf(url: URL): Promise<string> {
    const host = hostOf(url);
    const addresses = isIP(host) ? [host] : await resolve(host);
    const [address] = addresses;
    if (address === undefined) throw new NetworkError('The host has no address');
    if (!allowPrivate && !addresses.every(isPublicAddress)) {
      throw new UnsafeUrlError('must have a public address');
    }
    return address;
  }

  async function send(text: string, request: SafeRequest): Promise<SafeResponse> {
    const url = check(text);
    const ms = Math.min(timeoutMs, request.timeoutMs ?? timeoutMs);
    const signal = AbortSignal.timeout(ms);
    try {
      const address = await untilAborted(addressOf(url), signal);
      return await exchange(url, request, { ...limits, address, signal });
    } catch (error) {
      if (error instanceof UnsafeUrlError) throw error;
      const message = signal.aborted ? `Timed out after ${ms} ms` : messageOf(error);
      throw new NetworkError(message, { cause: error });
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
        // The name is not resolved again: the connection goes to the checked address.
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
  (await lookup(hostname, { all: true })).map(({ address }) => address);

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '').toLowerCase();

const messageOf = (error: unknown) =>
  error instanceof Error
    ? `${'code' in error ? `${error.code}: ` : ''}${error.message}`
    : 'Unknown';
