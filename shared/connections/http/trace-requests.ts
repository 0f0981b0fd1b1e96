import { asTraceId, enterTrace } from '@insightdesk/shared/tracing';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { HttpEnv } from './env.ts';

/**
 * One span per request, named after its route. A caller's `traceparent` names the trace, or else
 * the request id that our proxy made; whether it is recorded is never theirs to say. Needs
 * `requestId` before it.
 */
export function traceRequests(): MiddlewareHandler<HttpEnv> {
  return function traceRequests(c, next) {
    const { method } = c.req;
    const id = c.get('requestId');
    const attributes = { 'http.request.method': method, 'request.id': id };
    const entry = {
      name: method,
      kind: 'server',
      attributes,
      foreignParent: c.req.header('Traceparent'),
      traceId: asTraceId(id),
    } as const;
    return enterTrace(entry, async (span) => {
      await next();
      const pattern = routePath(c, -1);
      const route = pattern === '/*' ? 'unmatched' : pattern;
      const { status } = c.res;
      span.rename(`${method} ${route}`);
      span.set({
        'http.route': route,
        'http.response.status_code': status,
        'tenant.id': c.get('caller')?.tenantId,
      });
      if (status >= 500) span.fail(c.error ?? `${status}`);
    });
  };
}
