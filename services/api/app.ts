import type { Connections, Context } from '@insightdesk/shared/context';
import { DomainNotFoundError, ServiceError } from '@insightdesk/shared/errors';
import {
  answerProblem,
  bearer,
  clientAddress,
  cookieSession,
  corsByList,
  createHealthApp,
  createRateLimiter,
  createRequestMetrics,
  type HealthAppOptions,
  jsonLimit,
  limitAddresses,
  requestId,
  requestLog,
  securityHeaders,
} from '@insightdesk/shared/http';
import { Hono, type MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import type { H } from 'hono/types';
import { createDashboard, DASHBOARD, type DashboardOptions } from './admin/dashboard.ts';
import { type ApiEnv, type CallContext, callContext, identifyBy, membersOnly } from './caller.ts';
import { createDocs } from './docs.ts';
import { meterRequest } from './meter-request.ts';
import { createPages } from './pages.ts';
import type { Route } from './route.ts';

export interface AppOptions extends HealthAppOptions {
  config: {
    http: {
      publicUrl: string;
      corsOrigins: readonly string[];
      jsonLimitBytes: number;
      trustedProxies: readonly string[];
    };
    rateLimit: { windowMs: number; maxRequests: number };
  };
  log: Context['log'];
  tokens: Connections['tokens'];
  context: (call: CallContext) => Context;
  /** Counts requests over all replicas; without it each process counts for itself. */
  valkey?: Parameters<typeof createRateLimiter>[0]['valkey'];
  routes: readonly Route[];
  /** Without it nobody finds the dashboard of the queues. */
  dashboard?: DashboardOptions | undefined;
}

/** Puts the API together: what surrounds every request, then the routes. */
export function createApp(options: AppOptions): Hono<ApiEnv> {
  const { config, log, metrics, routes } = options;
  const app = new Hono<ApiEnv>();
  app.onError(answerProblem(log));
  app.notFound(() => {
    throw new DomainNotFoundError('There is no such route');
  });
  app.use(requestId());
  app.route('/', createHealthApp(options));
  app.use(requestLog(log, createRequestMetrics(metrics)));
  app.use(securityHeaders(), compress({ encoding: 'gzip' }));
  app.use(clientAddress(config.http.trustedProxies), corsByList(config.http.corsOrigins));
  if (config.rateLimit.maxRequests > 0) app.use(addressLimit(options));
  app.route('/', createPages());
  app.route('/', createDocs({ routes, publicUrl: config.http.publicUrl }));
  if (options.dashboard) {
    app.route(DASHBOARD, createDashboard({ ...options, ...options.dashboard }));
  }
  addRoutes(app, options);
  refuseOtherMethods(app, routes);
  return app;
}

function addressLimit({ valkey, config }: AppOptions): MiddlewareHandler<ApiEnv> {
  const limiter = { name: 'address', ...config.rateLimit, ...(valkey && { valkey }) };
  return limitAddresses(createRateLimiter(limiter));
}

function addRoutes(app: Hono<ApiEnv>, { config, tokens, context, routes }: AppOptions) {
  const { jsonLimitBytes } = config.http;
  const limit = jsonLimit(jsonLimitBytes);
  const identifyToken = identifyBy(tokens);
  const origins = [new URL(config.http.publicUrl).origin, ...config.http.corsOrigins];
  const identify = [bearer(identifyToken), cookieSession(identifyToken, origins)];
  for (const route of routes) {
    // Who signs in may still send the stale token of before: routes for anyone do not look at it.
    const handlers: H<ApiEnv>[] = [
      ...(route.body ? [] : [limit]),
      ...(route.allow === 'anyone' ? [] : [...identify, membersOnly]),
      (http) => {
        const ctx = context(callContext(http));
        meterRequest(ctx);
        return route.handle({ http, ctx, jsonLimitBytes });
      },
    ];
    app.on(route.method, [route.path], ...handlers);
  }
}

function refuseOtherMethods(app: Hono<ApiEnv>, routes: readonly Route[]) {
  for (const [path, known] of Map.groupBy(routes, (route) => route.path)) {
    const headers = { Allow: known.map(({ method }) => method).join(', ') };
    app.all(path, () => {
      const message = `Only ${headers.Allow} can be done here`;
      throw new ServiceError(message, { code: 'METHOD_NOT_ALLOWED', status: 405, headers });
    });
  }
}
