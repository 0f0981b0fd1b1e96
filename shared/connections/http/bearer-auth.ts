import { UnauthenticatedError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { Caller, HttpEnv } from './http-env.ts';
import { withCaller } from './with-caller.ts';

const credentials = /^Bearer +([\w.~+/-]+=*)$/i;

/**
 * Authenticates the caller by the token in `Authorization`. Without the header the request goes on
 * unauthenticated; an invalid token is refused with 401.
 */
export function bearerAuth<C extends Caller>(
  verify: (token: string) => Promise<C>,
): MiddlewareHandler<HttpEnv<C>> {
  return function bearerAuth(c, next) {
    const header = c.req.header('Authorization');
    if (header === undefined) return next();
    const token = credentials.exec(header)?.[1];
    if (token === undefined) throw new UnauthenticatedError('Use Authorization: Bearer <token>');
    return withCaller(c, next, verify(token));
  };
}
