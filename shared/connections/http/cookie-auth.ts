import { ForbiddenError } from '@insightdesk/shared/errors';
import type { Context, MiddlewareHandler } from 'hono';
import type { Caller, HttpEnv } from './http-env.ts';
import {
  isAllowedOrigin,
  readCookie,
  SESSION_MODE_HEADER,
  sessionCookies,
} from './session-cookies.ts';
import { withCaller } from './with-caller.ts';

const safeMethods = new Set(['GET', 'HEAD']);

/**
 * Authenticates the caller by the session cookie, unless there is an `Authorization` header. Unsafe
 * methods also need the CSRF check: 403 CSRF_REFUSED.
 */
export function cookieAuth<C extends Caller>(
  verify: (token: string) => Promise<C>,
  origins: readonly string[],
): MiddlewareHandler<HttpEnv<C>> {
  return function cookieAuth(c, next) {
    if (c.req.header('Authorization') !== undefined) return next();
    const token = readCookie(c.req.header('Cookie'), sessionCookies.access);
    if (token === undefined) return next();
    if (!safeMethods.has(c.req.method)) checkCsrf(c, origins);
    return withCaller(c, next, verify(token));
  };
}

/**
 * Refuses requests that another site may have caused: browsers send cookies automatically, but not
 * the session mode header from another origin.
 */
export function checkCsrf(c: Context, origins: readonly string[]): void {
  const from = { origin: c.req.header('Origin'), fetchSite: c.req.header('Sec-Fetch-Site') };
  if (c.req.header(SESSION_MODE_HEADER) === 'cookie' && isAllowedOrigin(origins, from)) return;
  const message = `${SESSION_MODE_HEADER}: cookie is missing, or the origin is not allowed`;
  throw new ForbiddenError(message, { code: 'CSRF_REFUSED' });
}
