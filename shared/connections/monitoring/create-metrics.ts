import { Metrics } from './metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';

/** Builds the metrics of a process, including its own; every line has service and replica. */
export function createMetrics(labels: { service: string; replica: string }): Metrics {
  const metrics = new Metrics();
  metrics.setDefaultLabels(labels);
  registerProcessMetrics(metrics);
  return metrics;
}
