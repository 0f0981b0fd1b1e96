import { NetworkError, ProblemError, readProblem } from './errors.ts';
import { toNetworkError } from './network-failure.ts';
import { type Operations, publicRoutes } from './operations.ts';
import { randomId } from './sleep.ts';
import type { TokenStore } from './tokens.ts';
import { type OnWait, waitForRetry } from './waiting.ts';

/** A route of the API, for example `POST /v1/conversations/{id}/messages`. */
export type RouteName = keyof Operations;
export type ResponseBody<R extends RouteName> = Operations[R]['response'];
/** The JSON body or the form of a route. */
export type RequestBody<R extends RouteName> = PartOf<R, 'body', undefined>;
export type RequestQuery<R extends RouteName> = PartOf<R, 'query'>;

type PartOf<
  R extends RouteName,
  Name extends string,
  Missing = Record<never, never>,
> = R extends RouteName ? (Operations[R] extends Record<Name, infer T> ? T : Missing) : never;

type Part<Name extends string, T> = T extends undefined
  ? { [N in Name]?: never }
  : Record<never, never> extends T
    ? { [N in Name]?: T }
    : { [N in Name]: T };

/**
 * The input of a route: its path parameters, query and body. Distributed over unions: for several
 * routes it is the input of one of them, not every path with every body.
 */
type RequestInput<R extends RouteName> = R extends RouteName
  ? Part<'path', PartOf<R, 'path'>> &
      Part<'query', RequestQuery<R>> &
      Part<'body', RequestBody<R>> & {
        signal?: AbortSignal | undefined;
        /** The key of a write, instead of a random one: the server executes a key once. */
        idempotencyKey?: string | undefined;
      }
  : never;

/** Calls one route; rejects with ProblemError or NetworkError. */
export type SendRequest = <R extends RouteName>(
  route: R,
  ...input: Record<never, never> extends RequestInput<R> ? [RequestInput<R>?] : [RequestInput<R>]
) => Promise<ResponseBody<R>>;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface RequestOptions {
  url: string;
  fetch: Fetch;
  timeoutMs: number;
  tokenStore: () => TokenStore;
  /** Ends the waiting for another attempt. */
  stopped: AbortSignal;
  onWait: OnWait;
}

interface AnyInput {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal | undefined;
  idempotencyKey?: string | undefined;
}

/** Routes that sign in ignore idempotency keys, and a second registration would be a second organization. */
const REGISTRATION = 'POST /v1/auth/register';
/** Attempts of a write whose outcome is unknown. */
const MAX_ATTEMPTS = 4;
const MAX_RETRY_AFTER_MS = 10_000;
const UPLOAD_TIMEOUT_FACTOR = 10;

/**
 * Creates the typed calls. A 401 refreshes the tokens once and tries again. Writes carry an
 * idempotency key, so they are repeated when no response, or none of the API, arrived.
 */
export function createRequest(options: RequestOptions): SendRequest {
  async function request(route: string, input: AnyInput = {}): Promise<unknown> {
    if (route.startsWith('GET ') || route === REGISTRATION) return authorized(route, input);
    const idempotencyKey = input.idempotencyKey ?? randomId();
    const signal = AbortSignal.any([options.stopped, ...(input.signal ? [input.signal] : [])]);
    for (let tries = 1; ; tries++) {
      try {
        return await authorized(route, { ...input, idempotencyKey });
      } catch (error) {
        if (tries === MAX_ATTEMPTS || !isOutcomeUnknown(error)) throw error;
        const retryAfterMs = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0;
        if (retryAfterMs > MAX_RETRY_AFTER_MS) throw error;
        await waitForRetry(error, { route, attempt: tries, signal, onWait: options.onWait });
      }
    }
  }

  async function authorized(route: string, input: AnyInput): Promise<unknown> {
    if (publicRoutes.has(route)) return attempt(options, route, input, undefined);
    return withToken(options.tokenStore(), (token) => attempt(options, route, input, token));
  }
  return request as SendRequest;
}

/** Calls `send` with the access token; a 401 refreshes the tokens once and tries again. */
async function withToken<T>(
  tokenStore: TokenStore,
  send: (token: string | undefined) => Promise<T>,
): Promise<T> {
  const token = tokenStore.current?.accessToken;
  try {
    return await send(token);
  } catch (error) {
    const isStale = error instanceof ProblemError && error.status === 401;
    if (!isStale || !tokenStore.current?.refreshToken) throw error;
    const { accessToken } = await tokenStore.refresh(token);
    return send(accessToken);
  }
}

/** Sends a request of tus 1.0; rejects with ProblemError or NetworkError. */
export type SendTus = (
  method: string,
  path: string,
  input: { headers?: Record<string, string>; body?: Blob; signal: AbortSignal },
) => Promise<Response>;

/** Creates `SendTus`, with the tokens of the session. */
export function createSendTus(options: RequestOptions): SendTus {
  return (method, path, { headers = {}, signal, ...body }) =>
    withToken(options.tokenStore(), (token) =>
      send(options, `${method} ${path}`, {
        ...body,
        url: options.url + path,
        method,
        headers: { 'Tus-Resumable': '1.0.0', ...headers, ...authorization(token) },
        signal,
        timeoutMs: options.timeoutMs * UPLOAD_TIMEOUT_FACTOR,
      }),
    );
}

const authorization = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

/** No response, one of a proxy alone, or one that says that another attempt is in progress. */
function isOutcomeUnknown(error: unknown): boolean {
  // With a certificate that is not trusted, nothing was sent.
  if (error instanceof NetworkError) return error.reason !== 'certificate';
  if (!(error instanceof ProblemError)) return false;
  return [502, 503, 504].includes(error.status) || error.code === 'IDEMPOTENCY_IN_FLIGHT';
}

async function attempt(
  options: RequestOptions,
  route: string,
  { path = {}, query = {}, body, signal, idempotencyKey }: AnyInput,
  token: string | undefined,
): Promise<unknown> {
  const [method = 'GET', template = ''] = route.split(' ');
  const url = `${options.url}${fillPath(template, path)}${toSearch(query)}`;
  const isForm = body instanceof FormData;
  const isJson = body !== undefined && !isForm;
  return send(options, route, {
    url,
    method,
    headers: {
      ...authorization(token),
      ...(isJson && { 'Content-Type': 'application/json' }),
      ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
    },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as FormData) }),
    signal,
    timeoutMs: options.timeoutMs * (isForm ? UPLOAD_TIMEOUT_FACTOR : 1),
    read: readBody,
  });
}

interface SentRequest<T> {
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: string | FormData | Blob;
  signal: AbortSignal | undefined;
  timeoutMs: number;
  /** Reads the response within the timeout. */
  read?(response: Response): T | Promise<T>;
}

async function send<T = Response>(
  { fetch }: RequestOptions,
  name: string,
  { url, signal, timeoutMs, read = (response) => response as T, ...init }: SentRequest<T>,
): Promise<T> {
  const signals = [AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])];
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any(signals) });
    if (!response.ok) throw await readProblem(response);
    return await read(response);
  } catch (error) {
    if (error instanceof ProblemError || signal?.aborted) throw error;
    throw toNetworkError(error, { name, url, timeoutMs });
  }
}

async function readBody(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const isJson = response.headers.get('Content-Type')?.includes('json');
  return isJson ? response.json() : response.blob();
}

const fillPath = (template: string, path: Record<string, string>) =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));

function toSearch(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(
    Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  );
  return given.length > 0 ? `?${text}` : '';
}
