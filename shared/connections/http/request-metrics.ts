import type { Metrics } from '@insightdesk/shared/monitoring';
import { Histogram } from 'prom-client';
import type { Answered } from './request-log.ts';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Registers `http_request_duration_seconds` and gives what feeds it. */
export function createRequestMetrics(registry: Metrics): (answered: Answered) => void {
  const histogram = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the head of its answer, by route pattern',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: seconds,
    registers: [registry],
  });
  return ({ method, route, status, ms }) =>
    histogram.observe({ method, route, status: String(status) }, ms / 1000);
}
