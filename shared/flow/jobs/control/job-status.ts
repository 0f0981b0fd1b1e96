import type { JobState, Queue } from 'bullmq';
import type { QueueName } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { bullId, type JobKey } from '../definition/job-keys.ts';
import type { JobStateName } from '../definition/job-state.ts';

/** The status of a job; times are ISO 8601. */
export interface JobStatus {
  id: string;
  name: string;
  queue: QueueName;
  state: JobStateName;
  progress: number;
  attempts: number;
  /** The last failure. */
  reason: string | null;
  enqueuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

/** The jobs of a queue by state. */
export type QueueStats = Record<JobStateName, number> & { isPaused: boolean };

const stateNames: Partial<Record<JobState | 'unknown', JobStateName>> = {
  active: 'active',
  completed: 'completed',
  failed: 'failed',
  delayed: 'delayed',
  'waiting-children': 'blocked',
};

const isoOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

/** The status of a job; undefined when the queue does not have it. */
export async function readJobStatus(
  queue: Queue<Envelope>,
  key: JobKey,
): Promise<JobStatus | undefined> {
  // The state first: the fields about the end are written before the state changes.
  const state = await queue.getJobState(bullId(key));
  const job = await queue.getJob(bullId(key));
  if (!job) return undefined;
  return {
    id: key.id,
    name: job.name,
    queue: queue.name as QueueName,
    state: stateNames[state] ?? 'waiting',
    progress: typeof job.progress === 'number' ? job.progress : 0,
    attempts: job.attemptsMade,
    reason: job.failedReason ?? null,
    enqueuedAt: new Date(job.timestamp).toISOString(),
    startedAt: isoOf(job.processedOn),
    finishedAt: isoOf(job.finishedOn),
  };
}

/** The statistics of a queue. */
export async function readQueueStats(queue: Queue<Envelope>): Promise<QueueStats> {
  const [counts, isPaused] = await Promise.all([queue.getJobCounts(), queue.isPaused()]);
  const sum = (...states: string[]) =>
    states.reduce((total, state) => total + (counts[state] ?? 0), 0);
  return {
    waiting: sum('waiting', 'wait', 'prioritized', 'paused'),
    active: sum('active'),
    completed: sum('completed'),
    failed: sum('failed'),
    delayed: sum('delayed'),
    blocked: sum('waiting-children'),
    isPaused,
  };
}
