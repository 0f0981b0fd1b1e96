import type { CallContext, Connections, Context } from '@insightdesk/shared/context';
import { bodyLimitBytes, classOf, rateRows } from '@insightdesk/shared/contract';
import { DomainNotFoundError, ServiceError } from '@insightdesk/shared/errors';
import {
  type AddressSource,
  answerProblem,
  bearer,
  clientAddress,
  cookieSession,
  corsByList,
  createHealthApp,
  createRateLimits,
  createRequestMetrics,
  type HealthAppOptions,
  jsonLimit,
  type Load,
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
import { createDashboard, DASHBOARD, type DashboardOptions } from './admin/dashboard.ts';
import {
  type ApiCaller,
  type ApiEnv,
  callContext,
  identifyBy,
  membersOnly,
  namesOf,
} from './caller.ts';
import { createDocs } from './docs.ts';
import { createFiles } from './files/create-files.ts';
import { filesApart } from './files/isolate-files-host.ts';
import { meterRequest } from './meter-request.ts';
import { createPages } from './pages.ts';
import type { Route } from './route.ts';

export interface AppOptions extends HealthAppOptions {
  metrics: Metrics;
  config: {
    http: {
      publicUrl: string;
      /** Where files are served. */
      filesUrl: string;
      corsOrigins: readonly string[];
      jsonLimitBytes: number;
      clientAddress: AddressSource;
    };
    /** Pictures decoded at a time; one unless said. */
    media?: { concurrency: number };
    rateLimit: { windowMs: number; maxRequests: number; patienceMs?: number };
  };
  log: Context['log'];
  tokens: Connections['tokens'];
  context: (call: CallContext) => Context;
  /** Counts requests over all replicas; without it each process counts for itself. */
  valkey?: Parameters<typeof createRateLimits>[0]['valkey'];
  routes: readonly Route[];
  /** Without it no request is turned away for there being too many. */
  load?: Load | undefined;
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
  if (isTracing()) app.use(traceRequests());
  app.use(requestLog(log, createRequestMetrics(metrics)));
  app.use(securityHeaders());
  if (options.load) app.use(shedLoad(options.load));
  app.use(compressIfAsked());
  app.use(clientAddress(config.http.clientAddress), corsByList(originsOf(config.http)));
  const limits = config.rateLimit.maxRequests > 0 ? requestLimits(options) : undefined;
  if (limits) app.use(limits.around);
  app.use(filesApart(config.http));
  app.route('/', createFiles({ ...options, ...config.media }));
  app.route('/', createPages());
  app.route('/', createDocs({ routes, publicUrl: config.http.publicUrl }));
  if (options.dashboard) {
    if (limits)
      app.post(
        `${DASHBOARD}/sign-in`,
        limits.of(() => 'auth'),
      );
    app.route(DASHBOARD, createDashboard({ ...options, ...options.dashboard }));
  }
  addRoutes(app, options, limits);
  refuseOtherMethods(app, routes);
  return app;
}

/** Hono's looks at the answer first, and then whether it is to be smaller. */
function compressIfAsked(): MiddlewareHandler {
  const gzip = compress({ encoding: 'gzip' });
  return (c, next) => (c.req.header('Accept-Encoding') === undefined ? next() : gzip(c, next));
}

/** Whose scripts may read answers: apps, and our own pages where files are elsewhere. */
const originsOf = ({ corsOrigins, publicUrl, filesUrl }: AppOptions['config']['http']) =>
  filesUrl === publicUrl ? corsOrigins : [...corsOrigins, new URL(publicUrl).origin];

type Limits = ReturnType<typeof requestLimits>;

const requestLimits = ({ valkey, config }: AppOptions) =>
  limitRequests<ApiCaller>(
    createRateLimits({
      rows: rateRows(config.rateLimit),
      patienceMs: config.rateLimit.patienceMs,
      ...(valkey && { valkey }),
    }),
    namesOf,
  );

function addRoutes(
  app: Hono<ApiEnv>,
  { config, tokens, context, routes }: AppOptions,
  limits: Limits | undefined,
) {
  const identifyToken = identifyBy(tokens);
  const origins = [new URL(config.http.publicUrl).origin, ...config.http.corsOrigins];
  const identify = [bearer(identifyToken), cookieSession(identifyToken, origins)];
  for (const route of routes) {
    const kind = classOf(route);
    const wantedBytes = route.bodyLimitBytes ?? bodyLimitBytes[kind];
    const jsonLimitBytes = Math.min(config.http.jsonLimitBytes, wantedBytes);
    // Who signs in may still send the stale token of before: routes for anyone do not look at it.
    const handlers: H<ApiEnv>[] = [
      ...(route.body ? [] : [jsonLimit(jsonLimitBytes)]),
      ...(route.allow === 'anyone' ? [] : [...identify, membersOnly]),
      ...(limits
        ? [limits.of((http) => (kind === 'read' && http.req.query('q') ? 'search' : kind))]
        : []),
      (http) => {
        const ctx = context(callContext(http));
        meterRequest(ctx, { method: route.method, kind });
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
