import type { Action, Context } from '@insightdesk/shared/context';
import type { Permission } from '@insightdesk/shared/contract';
import { DomainNotFoundError, DomainValidationError } from '@insightdesk/shared/errors';
import { readJsonObject } from '@insightdesk/shared/http';
import type { Context as HttpContext } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import type { ApiEnv } from './caller.ts';

export type Http = HttpContext<ApiEnv>;
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
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
  /** A body that is not JSON; its handler reads and limits it. */
  body?: Content;
  /** What each good status answers with; undefined when it has no body. */
  answers: Record<number, z.ZodType | Content | undefined>;
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
    const { summary, allow, input, output } = action;
    const { status, body, answers } = typeof answer === 'number' ? always(answer, output) : answer;
    return {
      method,
      path,
      summary,
      allow,
      input,
      answers,
      async handle(call) {
        const given = hasQuery ? readQuery(call) : await readBody(call);
        const result = await perform(action, call, given);
        const code = status(result);
        if (code === 204) return call.http.body(null, 204);
        return json(call.http, body ? body(result) : result, code);
      },
    };
  };
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

/** Answers with JSON; its length is told, so that compression leaves small answers alone. */
export function json(http: Http, value: unknown, status: number): Response {
  const text = JSON.stringify(value);
  http.header('Content-Type', 'application/json');
  http.header('Content-Length', String(Buffer.byteLength(text)));
  return http.body(text, status as ContentfulStatusCode);
}

/** The query; a parameter that is given several times becomes a list. */
export function readQuery({ http }: Call): Given {
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
