/** Deletes old rows every night, so that the database stays small. */
export { deleteInBatches } from './delete-in-batches.ts';
export { deleteOldEvents } from './delete-old-events.ts';
export { deleteOldIdempotencyKeys } from './delete-old-idempotency-keys.ts';
export { deleteOldJobSteps } from './delete-old-job-steps.ts';
export { deleteOldUsage } from './delete-old-usage.ts';
export * as retentionJobs from './jobs.ts';
export { retentionPayload } from './retention-payload.ts';
