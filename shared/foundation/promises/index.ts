/** Timeouts, retries, concurrency limits, batches; bounded and abortable. */
export { type Batch, batch } from './batch.ts';
export {
  type BatchQueue,
  type BatchQueueOptions,
  type BatchQueueStats,
  createBatchQueue,
} from './batch-queue.ts';
export {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  createCircuitBreaker,
} from './circuit-breaker.ts';
export { limitConcurrency, mapConcurrent } from './concurrency.ts';
export { type Deferred, deferred } from './deferred.ts';
export { createFairQueue, type FairQueue, type FairQueueOptions } from './fair-queue.ts';
export { type RetryOptions, retry } from './retry.ts';
export { throttle } from './throttle.ts';
export { sleep, withTimeout } from './time.ts';
