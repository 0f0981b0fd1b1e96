import type { Metrics } from '@insightdesk/shared/monitoring';
import { Histogram } from '@insightdesk/shared/utils';
import type { CompletedRequest } from './request-log.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Registers `http_request_duration_seconds`; returns the function that observes a request. */
export function createRequestMetrics(
  metrics: Pick<Metrics, 'histogram'>,
): (completed: CompletedRequest) => void {
  const durations = new Histogram({
    overflowLabels: { method: 'other', route: 'other', status: 'other' },
  });
  const help = 'Time from a request to the headers of its response, by route pattern';
  metrics.histogram({ name: 'http_request_duration_seconds', help }, durations);
  return (completed) => {
    // Clients may send any method.
    const method = METHODS.has(completed.method) ? completed.method : 'other';
    const { route, status, ms } = completed;
    const labelsOf = () => ({ method, route, status: String(status) });
    durations.observe(ms / 1_000, `${method} ${status} ${route}`, labelsOf);
  };
}
