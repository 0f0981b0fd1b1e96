import { type Action, type Context, notMatched } from '@insightdesk/shared/context';
import type { Permission } from '@insightdesk/shared/contract';
import { DomainNotFoundError, DomainValidationError } from '@insightdesk/shared/errors';
import { matchesEtag, readJsonObject } from '@insightdesk/shared/http';
import type { KeptAnswer } from '@insightdesk/shared/idempotency';
import type { Context as HttpContext } from 'hono';
import { z } from 'zod';
import { answerOnce, send, toJson } from './idempotent-response.ts';
import type { ApiEnv } from './caller.ts';
import type { Deprecation } from './deprecated.ts';

export type Http = HttpContext<ApiEnv>;
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS';
type Given = Record<string, unknown>;

/** A request on its way to an action. */
export interface Call {
  http: Http;
  /** Who, for which tenant, with what. */
  ctx: Context;
  jsonLimitBytes: number;
}

/** Content that is not our JSON, for the API document. */
export interface Content {
  contentType: string;
  schema: z.ZodType;
  /** Of a body that need not be there. */
  isOptional?: boolean;
}

/** A protocol of others whose words are headers; it knows no Idempotency-Key. */
export interface Protocol {
  /** Headers of the request. */
  asks: z.ZodObject;
  /** Headers of good answers, and what they say. */
  tells: Readonly<Record<string, string>>;
  /** Statuses of problems that are its own, or ours in its place. */
  refuses: readonly number[];
}

/** What the configuration may switch off. */
export type Feature = 'twoFactor' | 'oauth';

/** One row of the table of routes. */
export interface Route {
  method: Method;
  /** Hono's pattern, such as `/v1/conversations/:id`. */
  path: string;
  summary: string;
  allow: Permission | 'anyone';
  /** Not there unless the configuration switches it on. */
  feature?: Feature;
  /** Path parameters together with query or JSON body. */
  input: z.ZodType;
  /** What a JSON body may have, instead of the usual of its class; JSON_LIMIT_BYTES is the most. */
  bodyLimitBytes?: number;
  /** A body that is not JSON; its handler reads and limits it. */
  body?: Content;
  protocol?: Protocol;
  /** What each good status answers with; undefined when it has no body. */
  answers: Record<number, z.ZodType | Content | undefined>;
  /** Answers tell the version of what they show. */
  hasVersion?: boolean;
  /** Refuses a change of what is not as the caller has seen it. */
  looksAtVersion?: boolean;
  deprecation?: Deprecation;
  handle(call: Call): Promise<Response>;
}

/** How results become answers, where one status for all of them is not enough. */
export interface Answer<R> {
  status: (result: R) => number;
  body?: (result: R) => unknown;
  /** What `body` gives, by status. */
  answers: Record<number, z.ZodType>;
}

/** Reads: path and query become the action's input; 200 unless told otherwise. */
export const get = rowOf('GET', 200);
/** Writes: path and JSON body become the action's input; 200 unless told otherwise. */
export const post = rowOf('POST', 200);
/** Changes: path and JSON body become the action's input; 200 unless told otherwise. */
export const patch = rowOf('PATCH', 200);
/** Removals: path and query become the action's input; 204 unless told otherwise. */
export const del = rowOf('DELETE', 204);

function rowOf(method: Method, usual: number) {
  const hasQuery = method === 'GET' || method === 'DELETE';
  return <I extends z.ZodType, O extends z.ZodType>(
    path: string,
    action: Action<I, O>,
    answer: number | Answer<z.input<O>> = usual,
  ): Route => {
    const { summary, allow, input, output, etag, looksAtVersion } = action;
    const { status, body, answers } = typeof answer === 'number' ? always(answer, output) : answer;
    const toAnswer = (result: z.input<O>) =>
      toJson(body ? body(result) : result, status(result), etag && { ETag: `"${etag(result)}"` });
    return {
      method,
      path,
      summary,
      allow,
      input,
      answers: method === 'GET' && etag ? { ...answers, 304: undefined } : answers,
      hasVersion: etag !== undefined,
      looksAtVersion,
      async handle(call) {
        if (method === 'GET') {
          return sendIfNew(call.http, toAnswer(await perform(action, call, readQuery(call))));
        }
        const given = hasQuery ? readQuery(call) : await readBody(call);
        const ifMatch = call.http.req.header('If-Match');
        if (ifMatch !== undefined && ifMatch !== '*' && !looksAtVersion) throw notMatched();
        const act = (ctx: Context) =>
          perform(
            action,
            { ...call, ctx: ifMatch === undefined ? ctx : { ...ctx, ifMatch } },
            given,
          );
        return answerOnce(call, { body: given, act, toAnswer });
      },
    };
  };
}

/** Answers a read; who has this state already is told so. */
function sendIfNew(http: Http, answer: KeptAnswer): Response {
  const { ETag } = answer.headers;
  const isKnown = ETag !== undefined && matchesEtag(http.req.header('If-None-Match'), ETag);
  return send(http, isKnown ? { status: 304, body: null, headers: { ETag } } : answer);
}
/** Rows that are there only while the configuration has the feature on. */
export const when = (feature: Feature, ...rows: Route[]): Route[] =>
  rows.map((row) => ({ ...row, feature }));

/** The rows of a configuration. */
export const routesOf = (rows: readonly Route[], features: Readonly<Record<Feature, boolean>>) =>
  rows.filter(({ feature }) => feature === undefined || features[feature]);

function always<O extends z.ZodType>(code: number, output: O) {
  const answers = { [code]: code === 204 ? undefined : output };
  return { status: () => code, body: undefined, answers };
}

/** Calls the action, which checks `given` and the path parameters; a misshapen one of these is 404. */
export async function perform<I extends z.ZodType, O extends z.ZodType>(
  action: Action<I, O>,
  { http, ctx }: Call,
  given: Given,
): Promise<z.input<O>> {
  const params = http.req.param();
  const input: unknown = { ...withoutParams(given, params), ...params };
  try {
    return await action(ctx, input as z.input<I>);
  } catch (error) {
    throw namesNothing(error, params) ? new DomainNotFoundError() : error;
  }
}

/** The query; a parameter that is given several times becomes a list. */
export function readQuery({ http }: Call): Given {
  if (!http.req.url.includes('?')) return {};
  const lists = Object.entries(http.req.queries());
  return Object.fromEntries(lists.map(([name, all]) => [name, all.length > 1 ? all : all[0]]));
}

/** The JSON body; none counts as empty. */
export const readBody = ({ http, jsonLimitBytes }: Call) =>
  readJsonObject(http.req.raw, jsonLimitBytes);

function withoutParams(given: Given, params: Record<string, string>): Given {
  const errors = Object.keys(params)
    .filter((name) => Object.hasOwn(given, name))
    .map((path) => ({ path, message: 'Unknown field' }));
  if (errors.length > 0) throw new DomainValidationError(undefined, { errors });
  return given;
}

function namesNothing(error: unknown, params: Record<string, string>): boolean {
  if (!(error instanceof z.core.$ZodError)) return false;
  return error.issues.some(({ path }) => Object.hasOwn(params, String(path[0])));
}
