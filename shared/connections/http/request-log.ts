import { type Logger, withContext } from '@insightdesk/shared/logging';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { HttpEnv } from './env.ts';

/** One answered request. */
export interface Answered {
  method: string;
  /** The route's pattern, `unmatched` when there is none. */
  route: string;
  status: number;
  ms: number;
}

/**
 * Writes one line per request, refused ones included, and ties all lines within it together; needs
 * `requestId` before it. `observe` is told the same.
 */
export function requestLog(
  log: Logger,
  observe: (answered: Answered) => void,
): MiddlewareHandler<HttpEnv> {
  return async function requestLog(c, next) {
    const startedAt = performance.now();
    const correlation = { requestId: c.get('requestId') };
    await withContext(correlation, next);
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    const pattern = routePath(c, -1);
    const route = pattern === '/*' ? 'unmatched' : pattern;
    const answered = { method: c.req.method, route, status: c.res.status, ms };
    observe(answered);
    const caller = c.get('caller');
    const who = caller && { tenantId: caller.tenantId, actor: caller.name };
    log.info({ ...correlation, ...who, ...answered }, 'request');
  };
}
