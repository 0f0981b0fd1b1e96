import type { CallContext, Connections, Context } from '@insightdesk/shared/context';
import {
  bodyLimitBytes,
  classOf,
  MAX_CONCURRENT_READS,
  rateLimitRules,
} from '@insightdesk/shared/contract';
import { DomainNotFoundError, ServiceError } from '@insightdesk/shared/errors';
import {
  type AddressSource,
  bearerAuth,
  clientAddress,
  cookieAuth,
  corsAllowlist,
  createHealthApp,
  createRateLimits,
  createRequestMetrics,
  errorHandler,
  type HealthAppOptions,
  jsonLimit,
  type LoadState,
  limitConcurrentRequests,
  limitRequests,
  requestId,
  requestLog,
  securityHeaders,
  shedLoad,
  traceRequests,
} from '@insightdesk/shared/http';
import type { Metrics } from '@insightdesk/shared/monitoring';
import { isTracing } from '@insightdesk/shared/tracing';
import { Hono, type MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import type { H } from 'hono/types';
import { createDashboard, DASHBOARD_PATH, type DashboardOptions } from './admin/dashboard.ts';
import {
  type ApiCaller,
  type ApiEnv,
  callContext,
  createTokenVerifier,
  rateLimitKeys,
  requireCaller,
} from './caller.ts';
import { createDocs } from './docs.ts';
import { createExample } from './example.ts';
import { createFiles, isolateFilesHost } from './files/create-files.ts';
import { createJwks } from './jwks.ts';
import { meterRequest, requireDatabaseTime } from './meter-request.ts';
import { createPages } from './pages.ts';
import { type Route, takesIdempotencyKey } from './route.ts';

export interface AppOptions extends HealthAppOptions {
  metrics: Metrics;
  config: {
    /** The value of NODE_ENV; `development` has the example chat. */
    environment?: string;
    /** Named on pages. */
    product?: { name: string };
    http: {
      publicUrl: string;
      /** The web app, where pages continue to; the API by default. */
      appUrl?: string;
      /** Base URL of `/files/`. */
      filesUrl: string;
      corsOrigins: readonly string[];
      jsonLimitBytes: number;
      clientAddress: AddressSource;
      /** Shown in `/.well-known/security.txt`, which is 404 without it. */
      securityContact?: string | undefined;
    };
    /** Images decoded at a time; 1 by default. */
    media?: { concurrency: number };
    rateLimit: { windowMs: number; maxRequests: number; timeoutMs?: number };
  };
  log: Context['log'];
  tokens: Connections['security']['tokens'];
  context: (call: CallContext) => Context;
  /** Counts requests across replicas; without it each process counts its own. */
  valkey?: Parameters<typeof createRateLimits>[0]['valkey'];
  routes: readonly Route[];
  /** Sheds load; without it no request is rejected under overload. */
  load?: LoadState | undefined;
  /** Serves the queue dashboard; without it the path is 404. */
  dashboard?: DashboardOptions | undefined;
}

/** Creates the API: middleware of all requests, then the routes. */
export function createApp(options: AppOptions): Hono<ApiEnv> {
  const { config, log, metrics, routes } = options;
  const productName = config.product?.name ?? 'InsightDesk';
  const hasPasskeys = routes.some(({ path }) => path === '/v1/auth/passkeys/sign-in');
  const pages = createPages({
    ...config.http,
    productName,
    hasPasskeys,
    dashboardPath: DASHBOARD_PATH,
  });
  const app = new Hono<ApiEnv>();
  app.onError(errorHandler(log));
  app.notFound((c) => {
    if (c.req.header('Accept')?.includes('text/html')) return pages.send(c, 'notFound', 404);
    throw new DomainNotFoundError();
  });
  app.use(requestId());
  app.route('/', createHealthApp(options));
  if (isTracing()) app.use(traceRequests());
  app.use(requestLog(log, createRequestMetrics(metrics)));
  app.use(securityHeaders());
  if (options.load) app.use(shedLoad(options.load));
  app.use(compressIfAccepted());
  app.use(clientAddress(config.http.clientAddress), corsAllowlist(corsOriginsOf(config.http)));
  const limits = config.rateLimit.maxRequests > 0 ? requestLimits(options) : undefined;
  if (limits) app.use(limits.global);
  app.use(rejectUnknownMethods, isolateFilesHost(config.http));
  app.route('/', createFiles({ ...options, ...config.media }));
  app.route('/', pages.app);
  if (config.environment === 'development') app.route('/', createExample(pages));
  app.route('/', createJwks(options.tokens));
  app.route('/', createDocs({ routes, publicUrl: config.http.publicUrl, productName }));
  if (options.dashboard) {
    if (limits)
      app.post(
        `${DASHBOARD_PATH}/sign-in/*`,
        limits.forRoute(() => 'auth'),
      );
    app.route(
      DASHBOARD_PATH,
      createDashboard({ ...options, ...options.dashboard, pages, hasPasskeys }),
    );
  }
  mountRoutes(app, options, limits);
  rejectOtherMethods(app);
  return app;
}

/** Skips Hono's compression when the client does not accept any. */
function compressIfAccepted(): MiddlewareHandler {
  const gzip = compress({ encoding: 'gzip' });
  return (c, next) => (c.req.header('Accept-Encoding') === undefined ? next() : gzip(c, next));
}

/** Origins whose scripts may read responses; includes our own pages when files have another host. */
const corsOriginsOf = ({ corsOrigins, publicUrl, filesUrl }: AppOptions['config']['http']) =>
  filesUrl === publicUrl ? corsOrigins : [...corsOrigins, new URL(publicUrl).origin];

type Limits = ReturnType<typeof requestLimits>;

const requestLimits = ({ valkey, config }: AppOptions) =>
  limitRequests<ApiCaller>(
    createRateLimits({
      rules: rateLimitRules(config.rateLimit),
      timeoutMs: config.rateLimit.timeoutMs,
      ...(valkey && { valkey }),
    }),
    rateLimitKeys,
  );

function mountRoutes(
  app: Hono<ApiEnv>,
  { config, tokens, context, routes }: AppOptions,
  limits: Limits | undefined,
) {
  const identifyToken = createTokenVerifier(tokens);
  const origins = [new URL(config.http.publicUrl).origin, ...config.http.corsOrigins];
  const identify = [bearerAuth(identifyToken), cookieAuth(identifyToken, origins)];
  const limitReads = limitConcurrentRequests<ApiCaller>(MAX_CONCURRENT_READS);
  for (const route of routes) {
    const kind = classOf(route);
    const routeLimitBytes = route.bodyLimitBytes ?? bodyLimitBytes[kind];
    const takesKey = takesIdempotencyKey(route);
    const jsonLimitBytes = Math.min(config.http.jsonLimitBytes, routeLimitBytes);
    const identified = route.identifiesCaller ? identify : [];
    // Other public routes ignore Authorization: a client that signs in may still send an expired token.
    const handlers: H<ApiEnv>[] = [
      ...(route.body ? [] : [jsonLimit(jsonLimitBytes)]),
      ...(route.allow === 'anyone' ? identified : [...identify, requireCaller]),
      ...(limits
        ? [
            limits.forRoute(
              (http) => (kind === 'read' && http.req.query('q') ? 'search' : kind),
              (http) => (route.body ? 0 : bodyBytes(http.req.raw, jsonLimitBytes)),
            ),
            ...(kind === 'read' ? [limitReads] : []),
          ]
        : []),
      (http) => {
        const ctx = context(callContext(http));
        if (limits) requireDatabaseTime(ctx);
        meterRequest(ctx, { method: route.method, kind });
        return route.handle({ http, ctx, jsonLimitBytes, takesIdempotencyKey: takesKey });
      },
    ];
    app.on(route.method, [route.path], ...handlers);
  }
}

/** Bytes of a body before it is read: a body without a Content-Length counts as the largest one. */
function bodyBytes({ headers, body }: Request, maxBytes: number): number {
  const length = headers.get('Content-Length');
  if (length !== null) return Number(length);
  return body === null ? 0 : maxBytes;
}

/** 405 with Allow for a path that has other methods, 501 for an unknown method. */
function rejectOtherMethods(app: Hono<ApiEnv>) {
  const rows = app.routes.filter(({ method }) => method !== 'ALL');
  for (const [path, rowsOfPath] of Map.groupBy(rows, (row) => row.path)) {
    const allowed = new Set(rowsOfPath.map(({ method }) => method));
    if (allowed.has('GET')) allowed.add('HEAD');
    const headers = { Allow: [...allowed].join(', ') };
    app.all(path, () => {
      const message = `Method not allowed; allowed: ${headers.Allow}`;
      throw new ServiceError(message, { code: 'METHOD_NOT_ALLOWED', status: 405, headers });
    });
  }
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** RFC 9110 15.6.2: a method that no path has. */
const rejectUnknownMethods: MiddlewareHandler = (c, next) => {
  if (methods.has(c.req.method)) return next();
  throw new ServiceError('Unknown method', { code: 'NOT_IMPLEMENTED', status: 501 });
};
