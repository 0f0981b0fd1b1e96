import type { Context } from '@insightdesk/shared/context';
import { createOnce, type KeptAnswer } from '@insightdesk/shared/idempotency';
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status';
import type { Call, Http } from './route.ts';

/** A write on its way to its answer. */
interface Write<R> {
  /** What of its body makes another request another one. */
  body: unknown;
  /** The body comes while the action is at work, which adds what it is. */
  isStream?: boolean;
  act: (ctx: Context) => Promise<R>;
  toAnswer: (result: R) => KeptAnswer;
}

/** Answers a write; one with an Idempotency-Key that was answered before is answered the same. */
export async function answerOnce<R>(
  { http, ctx }: Call,
  { body, isStream = false, act, toAnswer }: Write<R>,
): Promise<Response> {
  const key = http.req.header('Idempotency-Key');
  if (key === undefined) return send(http, toAnswer(await act(ctx)));
  const { pathname, search } = new URL(http.req.url);
  const words = [http.req.method, pathname, search, JSON.stringify(body) ?? ''];
  const request = { key, words, isOpen: isStream };
  const once = createOnce(ctx, request, (result) => toAnswer(result as R));
  try {
    return send(http, toAnswer(await act({ ...ctx, once })));
  } catch (error) {
    const first = await once.recall(error);
    if (!first) throw error;
    http.header('Idempotency-Replayed', 'true');
    return send(http, first);
  }
}

/** The answer that JSON makes; without a value it has no body. */
export function toJson(value: unknown, status: number, headers = {}): KeptAnswer {
  if (value === undefined || status === 204) return { status, body: null, headers };
  const type = { 'Content-Type': 'application/json', ...headers };
  return { status, body: JSON.stringify(value), headers: type };
}

/** Its length is told, so that compression leaves small answers alone. */
export function send(http: Http, { status, body, headers }: KeptAnswer): Response {
  for (const [name, value] of Object.entries(headers)) http.header(name, value);
  if (body === null) return http.body(null, status as StatusCode);
  http.header('Content-Length', String(Buffer.byteLength(body)));
  return http.body(body, status as ContentfulStatusCode);
}
