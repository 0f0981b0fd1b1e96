/** What an organisation sees of its own jobs, and may do with them. */
export { cancelJob } from './cancel-job.ts';
export * as jobEvents from './events.ts';
export { getJob } from './get-job.ts';
export { listJobs } from './list-jobs.ts';
export { retryJob } from './retry-job.ts';
