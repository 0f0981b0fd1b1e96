import { TooManyRequestsError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { Caller, HttpEnv } from '../http-env.ts';

const RETRY_AFTER_SECONDS = 1;

/** Middleware, after authentication: limits the requests of one caller in progress in this process. */
export function limitConcurrentRequests<C extends Caller>(
  max: number,
): MiddlewareHandler<HttpEnv<C>> {
  const inProgress = new Map<string, number>();
  return async (c, next) => {
    const name = c.get('caller')?.name;
    if (name === undefined) return next();
    const before = inProgress.get(name) ?? 0;
    if (before >= max) {
      throw new TooManyRequestsError(`At most ${max} reads may be in progress`, {
        code: 'TOO_MANY_CONCURRENT_REQUESTS',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    inProgress.set(name, before + 1);
    try {
      await next();
    } finally {
      const left = (inProgress.get(name) ?? 0) - 1;
      if (left > 0) inProgress.set(name, left);
      else inProgress.delete(name);
    }
  };
}
