/** Requests with an Idempotency-Key: run once, answered the same each time. */
export { createIdempotency, type Idempotency, type StoredResponse } from './create-idempotency.ts';
