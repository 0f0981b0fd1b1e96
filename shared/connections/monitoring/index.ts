/** Health of what a service depends on, and its figures. */
export { type CheckResult, createHealth, type Health, type HealthReport } from './health.ts';
export { Counter, createMetrics, Gauge, Histogram, type Metrics } from './metrics.ts';
