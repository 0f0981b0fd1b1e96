/** Waiting, limiting and trying again; bounded and abortable. */
export { type Batch, batch } from './batch.ts';
export { limitConcurrency, mapConcurrent } from './concurrency.ts';
export { type Deferred, deferred } from './deferred.ts';
export { type RetryOptions, retry } from './retry.ts';
export { throttle } from './throttle.ts';
export { sleep, withTimeout } from './time.ts';
