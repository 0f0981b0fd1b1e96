import { UnavailableError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { LoadState } from './watch-load.ts';

const RETRY_AFTER_SECONDS = 2;

/** Refuses new requests while the process is overloaded; running ones continue. */
export function shedLoad(load: LoadState): MiddlewareHandler {
  return function shedLoad(_, next) {
    if (!load.isShedding) return next();
    throw new UnavailableError('The service is overloaded, try again shortly', {
      code: 'OVERLOADED',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  };
}
