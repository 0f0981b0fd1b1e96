/** Health checks and metrics. */
export { Counter } from 'prom-client';
export { createMetrics } from './create-metrics.ts';
export { type CheckResult, createHealth, type Health, type HealthReport } from './health.ts';
export { cacheResult, type MetricDefinition, Metrics, type MetricValue } from './metrics.ts';
