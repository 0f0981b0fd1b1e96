/** Health checks and metrics. */
export { Counter } from 'prom-client';
export { createMetrics } from './create-metrics.ts';
export { createHealth, type Health, type HealthReport } from './health.ts';
export { cacheResult, type MetricDefinition, Metrics } from './metrics.ts';
export { OutcomeCounters, type OutcomeMetric, outcomeMetrics } from './outcome-counters.ts';
