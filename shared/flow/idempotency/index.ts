/** Requests that carry an Idempotency-Key: done once, answered as often as they are asked. */
export { createOnce, type KeptAnswer, type KeyedRequest } from './create-once.ts';
