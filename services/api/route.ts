import { type Action, type Context, preconditionFailed } from '@insightdesk/shared/context';
import { classOf, type Permission } from '@insightdesk/shared/contract';
import { DomainNotFoundError, DomainValidationError } from '@insightdesk/shared/errors';
import { matchesEtag, readJsonObject } from '@insightdesk/shared/http';
import type { StoredResponse } from '@insightdesk/shared/idempotency';
import type { Context as HttpContext } from 'hono';
import { z } from 'zod';
import type { ApiEnv } from './caller.ts';
import type { Deprecation } from './deprecated.ts';
import { jsonResponse, respondIdempotently, sendResponse } from './idempotent-response.ts';

export type Http = HttpContext<ApiEnv>;
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
type RawInput = Record<string, unknown>;

export interface Call {
  http: Http;
  /** The caller, its tenant and the connections. */
  ctx: Context;
  jsonLimitBytes: number;
  /** False for routes that sign in or return credentials: their responses are never stored. */
  takesIdempotencyKey: boolean;
}

/** Content that is not JSON, for the OpenAPI document. */
export interface Content {
  contentType: string;
  schema: z.ZodType;
  /** Of a request body that may be left out. */
  isOptional?: boolean;
}

/** A third-party protocol that works by headers; its routes take no Idempotency-Key. */
export interface Protocol {
  requestHeaders: z.ZodObject;
  /** Headers of successful responses, with their descriptions. */
  responseHeaders: Readonly<Record<string, string>>;
  /** Error statuses of the protocol, in place of those of JSON routes. */
  errorStatuses: readonly number[];
}

/** Features that the configuration can disable. */
type Feature = 'twoFactor' | 'oauth';

/** One row of the route table. */
export interface Route {
  method: Method;
  /** Hono's pattern, such as `/v1/conversations/:id`. */
  path: string;
  summary: string;
  allow: Permission | 'anyone';
  /** Served only while the configuration enables this feature. */
  feature?: Feature;
  /** Path parameters merged with the query or the JSON body. */
  input: z.ZodType;
  /** Limit of a JSON body, in place of the default of its class; at most JSON_LIMIT_BYTES. */
  bodyLimitBytes?: number;
  /** A DELETE with a JSON body. */
  hasBody?: boolean;
  /** A body that is not JSON; the handler reads and limits it. */
  body?: Content;
  protocol?: Protocol;
  /** The body of each successful status; undefined when it has none. */
  responses: Record<number, z.ZodType | Content | undefined>;
  /** Error statuses besides those of all routes with its method and permission. */
  errorStatuses?: readonly number[];
  /** Responses carry an ETag. */
  hasEtag?: boolean;
  /** Evaluates If-Match: 412 when the resource has changed. */
  requiresIfMatch?: boolean;
  deprecation?: Deprecation;
  handle(call: Call): Promise<Response>;
}

/** Maps a result to a response, for routes with more than one successful status. */
interface ResponseMapping<R> {
  status: (result: R) => number;
  body?: (result: R) => unknown;
  /** The schema of the body, by status. */
  responses: Record<number, z.ZodType>;
}

/** Whether an Idempotency-Key has an effect; authentication ignores it, so that nothing can be replayed. */
export const takesIdempotencyKey = (route: Route): boolean =>
  route.method !== 'GET' && !route.protocol && classOf(route) !== 'auth';

/** Whether the input besides the path is the query. */
export const takesQuery = ({ method, hasBody }: Pick<Route, 'method' | 'hasBody'>) =>
  !hasBody && (method === 'GET' || method === 'DELETE');

/** GET: path and query are the action's input; 200 by default. */
export const get = routeFor('GET', 200);
/** POST: path and JSON body are the action's input; 200 by default. */
export const post = routeFor('POST', 200);
/** PUT: path and JSON body are the action's input; 200 by default. */
export const put = routeFor('PUT', 200);
/** PATCH: path and JSON body are the action's input; 200 by default. */
export const patch = routeFor('PATCH', 200);
/** DELETE: path and query are the action's input; 204 by default. */
export const del = routeFor('DELETE', 204);
/** DELETE with a JSON body, for secrets that must not be in a URL. */
export const delWithBody = routeFor('DELETE', 204, true);

function routeFor(method: Method, defaultStatus: number, hasBody = false) {
  const hasQuery = takesQuery({ method, hasBody });
  return <I extends z.ZodType, O extends z.ZodType>(
    path: string,
    action: Action<I, O>,
    mapping: number | ResponseMapping<z.input<O>> = defaultStatus,
  ): Route => {
    const { output, etag, requiresIfMatch } = action;
    const { status, body, responses } =
      typeof mapping === 'number' ? fixedStatus(mapping, output) : mapping;
    const toResponse = (result: z.input<O>) =>
      jsonResponse(
        body ? body(result) : result,
        status(result),
        etag && { ETag: `"${etag(result)}"` },
      );
    return {
      method,
      path,
      ...(hasBody && { hasBody }),
      ...describeAction(action),
      responses: method === 'GET' && etag ? { ...responses, 304: undefined } : responses,
      hasEtag: etag !== undefined,
      requiresIfMatch,
      async handle(call) {
        if (method === 'GET') {
          return conditionalGet(
            call.http,
            toResponse(await runAction(action, call, readQuery(call))),
          );
        }
        const input = hasQuery ? readQuery(call) : await readBody(call);
        const ifMatch = call.http.req.header('If-Match');
        if (ifMatch !== undefined && ifMatch !== '*' && !requiresIfMatch)
          throw preconditionFailed();
        const run = (ctx: Context) =>
          runAction(
            action,
            { ...call, ctx: ifMatch === undefined ? ctx : { ...ctx, ifMatch } },
            input,
          );
        return respondIdempotently(call, { body: input, run, toResponse });
      },
    };
  };
}

/** 304 without a body when the client already has this ETag. */
function conditionalGet(http: Http, response: StoredResponse): Response {
  const { ETag } = response.headers;
  const isKnown = ETag !== undefined && matchesEtag(http.req.header('If-None-Match'), ETag);
  return sendResponse(http, isKnown ? { status: 304, body: null, headers: { ETag } } : response);
}

/** A route that accepts larger JSON bodies than others of its class. */
export const withBodyLimit = (bodyLimitBytes: number, route: Route): Route => ({
  ...route,
  bodyLimitBytes,
});

/** A route with further error statuses. */
export const withErrors = (errorStatuses: readonly number[], route: Route): Route => ({
  ...route,
  errorStatuses,
});

/** A public route that responds 401 to wrong credentials. */
export const withCredentials = (route: Route): Route => withErrors([401], route);

/** Routes that are served only while the configuration enables the feature. */
export const whenEnabled = (feature: Feature, ...rows: Route[]): Route[] =>
  rows.map((row) => ({ ...row, feature }));

export const enabledRoutes = (
  rows: readonly Route[],
  features: Readonly<Record<Feature, boolean>>,
) => rows.filter(({ feature }) => feature === undefined || features[feature]);

function fixedStatus<O extends z.ZodType>(status: number, output: O) {
  const responses = { [status]: status === 204 ? undefined : output };
  return { status: () => status, body: undefined, responses };
}

/** The fields of a custom route that are those of its action. */
export const describeAction = <I extends z.ZodType, O extends z.ZodType>({
  summary,
  allow,
  input,
}: Action<I, O>) => ({ summary, allow, input });

/** Calls the action, which validates its input; an invalid path parameter is 404. */
export async function runAction<I extends z.ZodType, O extends z.ZodType>(
  action: Action<I, O>,
  { http, ctx }: Call,
  rawInput: RawInput,
): Promise<z.input<O>> {
  const params = http.req.param();
  const input: unknown = { ...rejectPathParams(rawInput, params), ...params };
  try {
    return await action(ctx, input as z.input<I>);
  } catch (error) {
    throw isBadPathParam(error, params) ? new DomainNotFoundError() : error;
  }
}

/** The query; a repeated parameter becomes a list. */
export function readQuery({ http }: Call): RawInput {
  if (!http.req.url.includes('?')) return {};
  const parameters = Object.entries(http.req.queries());
  return Object.fromEntries(
    parameters.map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
  );
}

/** The JSON body; `{}` when there is none. */
export const readBody = ({ http, jsonLimitBytes }: Call) =>
  readJsonObject(http.req.raw, jsonLimitBytes);

function rejectPathParams(input: RawInput, params: Record<string, string>): RawInput {
  const errors = Object.keys(params)
    .filter((name) => Object.hasOwn(input, name))
    .map((path) => ({ path, message: 'Unknown field' }));
  if (errors.length > 0) throw new DomainValidationError(undefined, { errors });
  return input;
}

function isBadPathParam(error: unknown, params: Record<string, string>): boolean {
  if (!(error instanceof z.core.$ZodError)) return false;
  return error.issues.some(({ path }) => Object.hasOwn(params, String(path[0])));
}
