import { ErrorTracking } from '@insightdesk/shared/error-tracking';
import { AppError, toProblem } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import type { ErrorHandler } from 'hono';
import { routePath } from 'hono/route';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Caller, HttpEnv } from './http-env.ts';

/** Default for clients of a 503. */
const RETRY_AFTER_SECONDS = '1';

/** The only 5xx that the client causes. */
const UNKNOWN_METHOD = 501;

/** Responds to every error with `application/problem+json`; logs errors with a status of 500 or more. */
export function errorHandler<C extends Caller>(log: Logger): ErrorHandler<HttpEnv<C>> {
  return function handleError(error, c) {
    const problem = toProblem(error, { requestId: c.get('requestId') });
    if (problem.status >= 500 && problem.status !== UNKNOWN_METHOD) {
      const { method } = c.req;
      ErrorTracking.apiError(error, { ...problem, method, route: routePath(c, -1) });
      log.error({ err: error }, 'http: request failed');
    }
    const headers = error instanceof AppError ? error.headers : {};
    if (problem.status === 503) c.header('Retry-After', RETRY_AFTER_SECONDS);
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    const body = JSON.stringify(problem);
    c.header('Content-Type', 'application/problem+json');
    c.header('Content-Length', String(Buffer.byteLength(body)));
    return c.body(body, problem.status as ContentfulStatusCode);
  };
}
