/** Keeping the database small: what is old and was told or done already goes every night. */
export { deleteInBatches } from './delete-in-batches.ts';
export { deleteOldAnswers } from './delete-old-answers.ts';
export { deleteOldEvents } from './delete-old-events.ts';
export { deleteOldJobSteps } from './delete-old-job-steps.ts';
export { deleteOldUsage } from './delete-old-usage.ts';
export * as maintenanceJobs from './jobs.ts';
export { retention } from './retention.ts';
