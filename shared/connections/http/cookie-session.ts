import { ForbiddenError } from '@insightdesk/shared/errors';
import type { Context, MiddlewareHandler } from 'hono';
import type { Caller, HttpEnv } from './env.ts';
import { identified } from './identified.ts';
import { comesFrom, readCookie, SESSION_MODE, sessionCookies } from './session-cookies.ts';

const harmless = new Set(['GET', 'HEAD']);

/**
 * Finds out who calls by the session's cookie, unless there is an `Authorization`: that one decides
 * then. A change also has to show that a page of ours sent it: 403 CSRF_REFUSED.
 */
export function cookieSession<C extends Caller>(
  identify: (token: string) => Promise<C>,
  origins: readonly string[],
): MiddlewareHandler<HttpEnv<C>> {
  return function cookieSession(c, next) {
    if (c.req.header('Authorization') !== undefined) return next();
    const token = readCookie(c.req.header('Cookie'), sessionCookies.access);
    if (token === undefined) return next();
    if (!harmless.has(c.req.method)) requireOwnPage(c, origins);
    return identified(c, next, identify(token));
  };
}

/**
 * Refuses what another site may have made a browser send: cookies travel by themselves, this header
 * and the origin do not.
 */
export function requireOwnPage(c: Context, origins: readonly string[]): void {
  const from = { origin: c.req.header('Origin'), fetchSite: c.req.header('Sec-Fetch-Site') };
  if (c.req.header(SESSION_MODE) === 'cookie' && comesFrom(origins, from)) return;
  const message = `Send ${SESSION_MODE}: cookie, from a page that is allowed to`;
  throw new ForbiddenError(message, { code: 'CSRF_REFUSED' });
}
