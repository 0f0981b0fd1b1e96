/** Deletes old rows every night, so that the database stays small. */
export {
  deleteInBatches,
  deleteOldEvents,
  deleteOldIdempotencyKeys,
  deleteOldJobSteps,
  deleteOldUsage,
  retentionPayload,
} from './delete-old-rows.ts';
export * as retentionJobs from './jobs.ts';
