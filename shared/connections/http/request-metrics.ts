import type { Metrics } from '@insightdesk/shared/monitoring';
import { Durations } from '@insightdesk/shared/utils';
import type { Answered } from './request-log.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Registers `http_request_duration_seconds` and gives what feeds it. */
export function createRequestMetrics(
  metrics: Pick<Metrics, 'durations'>,
): (answered: Answered) => void {
  const durations = new Durations({ rest: { method: 'other', route: 'other', status: 'other' } });
  const help = 'Time from a request to the head of its answer, by route pattern';
  metrics.durations({ name: 'http_request_duration_seconds', help }, durations);
  return (answered) => {
    // Anybody may send a method of their own.
    const method = METHODS.has(answered.method) ? answered.method : 'other';
    const { route, status, ms } = answered;
    const labelsOf = () => ({ method, route, status: String(status) });
    durations.observe(ms / 1_000, `${method} ${status} ${route}`, labelsOf);
  };
}
