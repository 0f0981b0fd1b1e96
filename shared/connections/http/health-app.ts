import type { Health, HealthReport, Metrics } from '@insightdesk/shared/monitoring';
import { type Context, Hono } from 'hono';

export interface HealthAppOptions {
  health: Health;
  metrics: Pick<Metrics, 'metrics' | 'contentType'>;
  /** Whether the service has started and is not about to stop. */
  isReady: () => boolean;
}

const nothingAsked: HealthReport = { status: 'ok', checks: {} };

/**
 * The health routes and `/metrics` of any service. Figures are for those who reach the service
 * directly: a request that a proxy forwarded does not find them.
 */
export function createHealthApp({ health, metrics, isReady }: HealthAppOptions): Hono {
  const app = new Hono();
  app.get('/health', async (c) => answer(c, await health.check()));
  app.get('/health/live', (c) => answer(c, nothingAsked));
  app.get('/health/ready', async (c) =>
    answer(
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

function answer(c: Context, report: HealthReport): Response {
  c.header('Cache-Control', 'no-store');
  return c.json(report, report.status === 'unavailable' ? 503 : 200);
}
