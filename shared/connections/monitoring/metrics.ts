import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';

/** The figures of one process in Prometheus' text format. */
export type Metrics = Registry;

/** Builds a registry with the process's own figures; every line names service and replica. */
export function createMetrics(labels: { service: string; replica: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry });
  return registry;
}
