import { UnavailableError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { Load } from './load.ts';

const RETRY_AFTER_SECONDS = 2;

/** Turns requests away while the process has more to do than it can; those under way go on. */
export function shedLoad(load: Load): MiddlewareHandler {
  return function shedLoad(_, next) {
    if (!load.isShedding) return next();
    throw new UnavailableError('There is too much to do just now, try again shortly', {
      code: 'OVERLOADED',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  };
}
