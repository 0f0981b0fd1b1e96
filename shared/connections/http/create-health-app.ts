import type { Health, HealthReport, Metrics } from '@insightdesk/shared/monitoring';
import { type Context, Hono } from 'hono';

export interface HealthAppOptions {
  health: Health;
  metrics: Pick<Metrics, 'metrics' | 'contentType'>;
  /** Whether the service has started and is not stopping. */
  isReady: () => boolean;
}

const noChecks: HealthReport = { status: 'ok', checks: {} };

/**
 * The health routes and `/metrics` of a service. Metrics are for direct requests only: a request that a
 * proxy forwarded gets a 404.
 */
export function createHealthApp({ health, metrics, isReady }: HealthAppOptions): Hono {
  const app = new Hono();
  app.get('/health', async (c) => respond(c, await health.check()));
  app.get('/health/live', (c) => respond(c, noChecks));
  app.get('/health/ready', async (c) =>
    respond(
      c,
      isReady() ? await health.check({ isWaiting: false }) : { status: 'unavailable', checks: {} },
    ),
  );
  app.get('/metrics', async (c) => {
    if (c.req.header('X-Forwarded-For') !== undefined) return c.notFound();
    return c.body(await metrics.metrics(), 200, { 'Content-Type': metrics.contentType });
  });
  return app;
}

function respond(c: Context, report: HealthReport): Response {
  c.header('Cache-Control', 'no-store');
  return c.json(report, report.status === 'unavailable' ? 503 : 200);
}
