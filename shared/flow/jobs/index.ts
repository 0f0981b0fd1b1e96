/** Work for later: a typed catalog over BullMQ; nothing else in the system touches queues. */
export type { JobBudget } from './admission.ts';
export { type Backlog, readBacklog } from './backlog.ts';
export {
  type ChildFailurePolicy,
  chainJob,
  defineJob,
  type JobDefinition,
  type JobLimit,
  type JobOwner,
  type JobRequest,
  type JobTrigger,
  jobFor,
  type QueueName,
  queueNames,
} from './define-job.ts';
export { createHeldJobs, type HeldJobs } from './held-jobs.ts';
export { bullId, parseJobKey } from './ids.ts';
export { createJobControl, type JobControl, type JobPage } from './job-control.ts';
export { type JobRoom, readJobLoad } from './job-load.ts';
export {
  type JobStateName,
  type JobStatus,
  jobStates,
  type QueueStats,
} from './job-status.ts';
export { createLossWatch, type LossWatch } from './loss-watch.ts';
export { hasOlderWorkers } from './older-workers.ts';
export { JobPriority } from './priority.ts';
export { createQueues, type Queues } from './queues.ts';
export { createHeldRelease, type HeldRelease } from './release-held.ts';
export type { JobNews, JobRun } from './run-job.ts';
export { type Scaling, type ScalingPolicy, scale, scalingPolicy, totalOf } from './scaling.ts';
export {
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  type ScheduleState,
} from './schedule-list.ts';
export {
  type CatchUp,
  createScheduler,
  defineSchedules,
  type Schedule,
  type Scheduler,
  type SchedulerOptions,
  type Schedules,
} from './schedules.ts';
export type { StepOptions, Steps } from './steps.ts';
export { heldJobs, jobSteps, scheduleStates } from './tables.ts';
export { releaseStuck } from './watchdog.ts';
export { type JobHandlers, type JobsOf, startWorkers, type Workers } from './workers.ts';
