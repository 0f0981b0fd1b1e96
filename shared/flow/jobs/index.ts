/** Background jobs: a typed catalog over BullMQ; no other module touches queues. */
export { type Backlog, readBacklog } from './control/backlog.ts';
export { createDataLossDetector, type DataLossDetector } from './control/data-loss-detector.ts';
export { createJobControl, type JobControl } from './control/job-control.ts';
export type { JobStatus } from './control/job-status.ts';
export { purgeTenant } from './control/purge-tenant.ts';
export { type Scaling, scale, scalingPolicy, totalOf } from './control/scaling.ts';
export { DEPENDENCY_GONE, unblockOrphans } from './control/unblock-orphans.ts';
export { hasOlderWorkers } from './control/version-skew.ts';
export {
  type ChildFailurePolicy,
  chainJobs,
  defineJob,
  type JobDefinition,
  type JobOwner,
  type JobRequest,
  type JobTrigger,
  jobFor,
  type QueueName,
  queueNames,
} from './definition/define-job.ts';
export { jobStates } from './definition/job-state.ts';
export { JobPriority } from './definition/priority.ts';
export type { JobRun, JobStatusEvent } from './queue/job-run.ts';
export { createQueues, type Queues } from './queue/queues.ts';
export { type JobHandlers, type JobsOf, startWorkers, type Workers } from './queue/workers.ts';
export { createParkedJobReleaser } from './quota/parked-job-releaser.ts';
export { createParkedJobs, type ParkedJobs } from './quota/parked-jobs.ts';
export { readQueueUsage } from './quota/queue-usage.ts';
export {
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  type ScheduleState,
} from './schedules/schedule-states.ts';
export { createScheduler, defineSchedules, type Schedule } from './schedules/scheduler.ts';
export { jobSteps } from './tables.ts';
