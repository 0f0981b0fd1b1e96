/** Health of what a service depends on, and its figures. */
export { Counter } from 'prom-client';
export { type Figure, Metrics, type Reading, reuse } from './figures.ts';
export { type CheckResult, createHealth, type Health, type HealthReport } from './health.ts';
export { createMetrics } from './metrics.ts';
