import type { MiddlewareHandler } from 'hono';
import type { HttpEnv } from './http-env.ts';

const validId = /^[\w.:-]{1,128}$/;

/** Sets the request id: a valid `X-Request-Id` of the caller, else a new one; the response has it too. */
export function requestId(): MiddlewareHandler<HttpEnv> {
  return function requestId(c, next) {
    const given = c.req.header('X-Request-Id');
    const id = given !== undefined && validId.test(given) ? given : Bun.randomUUIDv7();
    c.set('requestId', id);
    c.header('X-Request-Id', id);
    return next();
  };
}
