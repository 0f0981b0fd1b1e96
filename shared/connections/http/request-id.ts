import type { MiddlewareHandler } from 'hono';
import type { HttpEnv } from './env.ts';

const sane = /^[\w.:-]{1,128}$/;

/** Names the request: the caller's `X-Request-Id` when it is sane, else a new one; answers with it. */
export function requestId(): MiddlewareHandler<HttpEnv> {
  return function requestId(c, next) {
    const given = c.req.header('X-Request-Id');
    const id = given !== undefined && sane.test(given) ? given : Bun.randomUUIDv7();
    c.set('requestId', id);
    c.header('X-Request-Id', id);
    return next();
  };
}
