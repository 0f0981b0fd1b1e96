import { type Logger, withContext } from '@insightdesk/shared/logging';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { HttpEnv } from './http-env.ts';

/** A completed request. */
export interface CompletedRequest {
  method: string;
  /** The route's pattern, `unmatched` when there is none. */
  route: string;
  status: number;
  ms: number;
}

/**
 * Logs one line per request, also for refused ones, and correlates all lines within it; needs
 * `requestId` before it. `observe` receives the same fields.
 */
export function requestLog(
  log: Logger,
  observe: (completed: CompletedRequest) => void,
): MiddlewareHandler<HttpEnv> {
  return async function requestLog(c, next) {
    const startedAt = performance.now();
    const correlation = { requestId: c.get('requestId') };
    await withContext(correlation, next);
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    const pattern = routePath(c, -1);
    const route = pattern === '/*' ? 'unmatched' : pattern;
    const completed = { method: c.req.method, route, status: c.res.status, ms };
    observe(completed);
    const caller = c.get('caller');
    const callerFields = caller && { tenantId: caller.tenantId, actor: caller.name };
    log.info({ ...correlation, ...callerFields, ...completed }, 'request');
  };
}
