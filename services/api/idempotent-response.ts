import type { Context } from '@insightdesk/shared/context';
import { createIdempotency, type StoredResponse } from '@insightdesk/shared/idempotency';
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status';
import type { Call, Http } from './route.ts';

interface Write<R> {
  /** The part of the request body that has to match when a key is used again. */
  body: unknown;
  /** The body is streamed; the action adds its hash to the request's fingerprint. */
  isStream?: boolean;
  run: (ctx: Context) => Promise<R>;
  toResponse: (result: R) => StoredResponse;
}

/** Runs a write and responds; an Idempotency-Key that was used before repeats the stored response. */
export async function respondIdempotently<R>(
  { http, ctx, takesIdempotencyKey }: Call,
  { body, isStream = false, run, toResponse }: Write<R>,
): Promise<Response> {
  const key = takesIdempotencyKey ? http.req.header('Idempotency-Key') : undefined;
  if (key === undefined) return sendResponse(http, toResponse(await run(ctx)));
  const { pathname, search } = new URL(http.req.url);
  const fingerprint = [http.req.method, pathname, search, JSON.stringify(body) ?? ''];
  const request = { key, fingerprint, isIncomplete: isStream };
  const idempotency = createIdempotency(ctx, request, (result) => toResponse(result as R));
  try {
    return sendResponse(http, toResponse(await run({ ...ctx, idempotency })));
  } catch (error) {
    const stored = await idempotency.findResponse(error);
    if (!stored) throw error;
    http.header('Idempotency-Replayed', 'true');
    return sendResponse(http, stored);
  }
}

/** A JSON response; without a body when `value` is undefined or the status is 204. */
export function jsonResponse(value: unknown, status: number, headers = {}): StoredResponse {
  if (value === undefined || status === 204) return { status, body: null, headers };
  const type = { 'Content-Type': 'application/json', ...headers };
  return { status, body: JSON.stringify(value), headers: type };
}

/** Sends a response with its Content-Length, so that small bodies are not compressed. */
export function sendResponse(http: Http, { status, body, headers }: StoredResponse): Response {
  for (const [name, value] of Object.entries(headers)) http.header(name, value);
  if (body === null) return http.body(null, status as StatusCode);
  http.header('Content-Length', String(Buffer.byteLength(body)));
  return http.body(body, status as ContentfulStatusCode);
}
