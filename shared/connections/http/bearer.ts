import { UnauthenticatedError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { Caller, HttpEnv } from './env.ts';
import { identified } from './identified.ts';

const credentials = /^Bearer +([\w.~+/-]+=*)$/i;

/**
 * Finds out who calls by the token in `Authorization`; without the header nobody is known, and
 * whoever is behind decides. Anything but a good token is refused with 401.
 */
export function bearer<C extends Caller>(
  identify: (token: string) => Promise<C>,
): MiddlewareHandler<HttpEnv<C>> {
  return function bearer(c, next) {
    const header = c.req.header('Authorization');
    if (header === undefined) return next();
    const token = credentials.exec(header)?.[1];
    if (token === undefined) throw new UnauthenticatedError('Use Authorization: Bearer <token>');
    return identified(c, next, identify(token));
  };
}
