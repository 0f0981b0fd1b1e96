/** Background jobs: a typed catalogue over BullMQ; no other module touches queues. */
export { type Backlog, readBacklog } from './control/backlog.ts';
export { createDataLossDetector, type DataLossDetector } from './control/data-loss-detector.ts';
export { createJobControl, type JobControl, type JobPage } from './control/job-control.ts';
export type { JobStatus, QueueStats } from './control/job-status.ts';
export {
  type Scaling,
  type ScalingPolicy,
  scale,
  scalingPolicy,
  totalOf,
} from './control/scaling.ts';
export { unblockOrphans } from './control/unblock-orphans.ts';
export { hasOlderWorkers } from './control/version-skew.ts';
export {
  type ChildFailurePolicy,
  chainJobs,
  defineJob,
  type JobDefinition,
  type JobLimit,
  type JobOwner,
  type JobRequest,
  type JobTrigger,
  jobFor,
  type QueueName,
  queueNames,
} from './definition/define-job.ts';
export { bullId, parseJobKey } from './definition/job-keys.ts';
export { type JobStateName, jobStates } from './definition/job-state.ts';
export { JobPriority } from './definition/priority.ts';
export type { JobRun, JobStatusEvent } from './queue/job-run.ts';
export { purgeTenant } from './control/purge-tenant.ts';
export { createQueues, type Queues } from './queue/queues.ts';
export type { StepOptions, Steps } from './queue/steps.ts';
export { type JobHandlers, type JobsOf, startWorkers, type Workers } from './queue/workers.ts';
export type { EnqueueQuota } from './quota/enqueue-limiter.ts';
export { createParkedJobReleaser, type ParkedJobReleaser } from './quota/parked-job-releaser.ts';
export { createParkedJobs, type ParkedJobs } from './quota/parked-jobs.ts';
export { type QueueQuota, readQueueUsage } from './quota/queue-usage.ts';
export {
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  type ScheduleState,
} from './schedules/schedule-states.ts';
export {
  type CatchUp,
  createScheduler,
  defineSchedules,
  type Schedule,
  type Scheduler,
  type SchedulerOptions,
  type Schedules,
} from './schedules/scheduler.ts';
export { jobSteps, parkedJobs, scheduleStates } from './tables.ts';
