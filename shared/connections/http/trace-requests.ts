import { startTrace, toTraceId } from '@insightdesk/shared/tracing';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { HttpEnv } from './http-env.ts';

/**
 * One span per request, named after its route. The trace id is that of the caller's `traceparent`, or
 * the request id that nginx created; the caller does not decide about sampling. Needs `requestId` before
 * it.
 */
export function traceRequests(): MiddlewareHandler<HttpEnv> {
  return function traceRequests(c, next) {
    const { method } = c.req;
    const id = c.get('requestId');
    const attributes = { 'http.request.method': method, 'request.id': id };
    const options = {
      name: method,
      kind: 'server',
      attributes,
      untrustedParent: c.req.header('Traceparent'),
      traceId: toTraceId(id),
    } as const;
    return startTrace(options, async (span) => {
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
