import { Metrics } from './figures.ts';
import { showProcess } from './process-figures.ts';

/** Builds the figures of a process, its own among them; every line names service and replica. */
export function createMetrics(labels: { service: string; replica: string }): Metrics {
  const metrics = new Metrics();
  metrics.setDefaultLabels(labels);
  showProcess(metrics);
  return metrics;
}
