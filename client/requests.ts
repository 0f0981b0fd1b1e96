import { ProblemError, readProblem, UnreachableError } from './errors.ts';
import type { Operations } from './operations.ts';
import { randomId } from './random-id.ts';
import type { TokenKeeper } from './tokens.ts';
import { backoffMs, wait } from './wait.ts';

/** `POST /v1/conversations/{id}/messages` and so on. */
export type RouteName = keyof Operations;
/** What a route answers with. */
export type Answer<R extends RouteName> = Operations[R]['answer'];
/** The JSON body, or the form, of a route. */
export type Body<R extends RouteName> = Operations[R]['body'];
/** The query of a route. */
export type Query<R extends RouteName> = Operations[R]['query'];

type Part<Name extends string, T> = T extends undefined
  ? { [N in Name]?: never }
  : Record<never, never> extends T
    ? { [N in Name]?: T }
    : { [N in Name]: T };

/**
 * What a call needs: path parameters, query and body as far as the route has them. Route by route:
 * of any route at all it is one of these, not every path with every body.
 */
export type CallInput<R extends RouteName> = R extends RouteName
  ? Part<'path', Operations[R]['path']> &
      Part<'query', Query<R>> &
      Part<'body', Body<R>> & {
        signal?: AbortSignal | undefined;
        /** Of a write, instead of one of its own: the same again is done once. */
        idempotencyKey?: string | undefined;
      }
  : never;

/** Calls one route; rejects with ProblemError or UnreachableError. */
export type Request = <R extends RouteName>(
  route: R,
  ...input: Record<never, never> extends CallInput<R> ? [CallInput<R>?] : [CallInput<R>]
) => Promise<Answer<R>>;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface RequestOptions {
  url: string;
  fetch: Fetch;
  timeoutMs: number;
  tokens: () => TokenKeeper;
  /** Ends the waiting for another attempt. */
  stopped?: AbortSignal;
}

interface AnyInput {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal | undefined;
  idempotencyKey?: string | undefined;
}

/** How often a write is sent at most when nobody knows what became of it. */
const MAX_ATTEMPTS = 4;
const LONGEST_WAIT_MS = 10_000;

/** These are for anyone: they neither carry a token nor are worth a refresh. */
const forAnyone = /^POST \/v1\/(auth\/(register|login|refresh)|invitations\/accept)$/;

/**
 * Builds the typed calls; a 401 swaps the tokens once and tries again. Writes carry a key by which the
 * server knows them again, so that they may be repeated when no answer or none of the API's came.
 */
export function createRequest(options: RequestOptions): Request {
  async function request(route: string, input: AnyInput = {}): Promise<unknown> {
    if (route.startsWith('GET ')) return authorized(route, input);
    const idempotencyKey = input.idempotencyKey ?? randomId();
    const signals = [options.stopped, input.signal].filter((signal) => signal !== undefined);
    for (let tries = 1; ; tries++) {
      try {
        return await authorized(route, { ...input, idempotencyKey });
      } catch (error) {
        if (tries === MAX_ATTEMPTS || !isUnsure(error)) throw error;
        const askedMs = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0;
        if (askedMs > LONGEST_WAIT_MS) throw error;
        await wait(Math.max(askedMs, backoffMs(tries)), AbortSignal.any(signals));
      }
    }
  }

  async function authorized(route: string, input: AnyInput): Promise<unknown> {
    if (forAnyone.test(route)) return attempt(options, route, input, undefined);
    const keeper = options.tokens();
    const token = keeper.current?.accessToken;
    try {
      return await attempt(options, route, input, token);
    } catch (error) {
      const isStale = error instanceof ProblemError && error.status === 401;
      if (!isStale || !keeper.current?.refreshToken) throw error;
      const { accessToken } = await keeper.refresh(token);
      return attempt(options, route, input, accessToken);
    }
  }
  return request as Request;
}

/** No answer, one of a proxy alone, or one that says that another attempt is at it. */
function isUnsure(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
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
  const url = `${options.url}${fill(template, path)}${search(query)}`;
  const isForm = body instanceof FormData;
  const isJson = body !== undefined && !isForm;
  const timeoutMs = options.timeoutMs * (isForm ? 10 : 1);
  const init: RequestInit = {
    method,
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(isJson && { 'Content-Type': 'application/json' }),
      ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
    },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as FormData) }),
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
  };
  try {
    const response = await options.fetch(url, init);
    if (!response.ok) throw await readProblem(response);
    return await readAnswer(response);
  } catch (error) {
    if (error instanceof ProblemError || signal?.aborted) throw error;
    throw new UnreachableError(`${route}: no answer`, { cause: error });
  }
}

async function readAnswer(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const isJson = response.headers.get('Content-Type')?.includes('json');
  return isJson ? response.json() : response.blob();
}

const fill = (template: string, path: Record<string, string>) =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));

function search(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(
    Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  );
  return given.length > 0 ? `?${text}` : '';
}
