/** Work for later: a typed catalog over BullMQ; nothing else in the system touches queues. */
export {
  defineJob,
  type JobDefinition,
  type JobRequest,
  jobFor,
  type QueueName,
  queueNames,
} from './define-job.ts';
export { createQueues, type Queues } from './queues.ts';
export {
  type JobHandlers,
  type JobRun,
  type JobsOf,
  startWorkers,
  type Workers,
} from './workers.ts';
