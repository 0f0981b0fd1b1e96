/** The jobs of an organization: list, get, retry, cancel. */

export * as jobEvents from './events.ts';
export { getJob } from './get-job.ts';
export { listJobs } from './list-jobs.ts';
export { cancelJob, retryJob } from './retry-job.ts';
