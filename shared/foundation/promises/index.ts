/** Timeouts, retries, concurrency limits, batches; bounded and abortable. */
export { batch } from './batch.ts';
export { type BatchQueueOptions, createBatchQueue } from './batch-queue.ts';
export { createCircuitBreaker } from './circuit-breaker.ts';
export { limitConcurrency, mapConcurrent } from './concurrency.ts';
export { deferred } from './deferred.ts';
export { createFairQueue, type FairQueue } from './fair-queue.ts';
export { retry } from './retry.ts';
export { throttle } from './throttle.ts';
export { sleep, withTimeout } from './time.ts';
