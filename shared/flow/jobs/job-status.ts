import type { JobState, Queue } from 'bullmq';
import type { QueueName } from './define-job.ts';
import { bullId, type JobKey } from './ids.ts';
import type { Envelope } from './queues.ts';

/** `blocked` waits for other jobs. */
export const jobStates = [
  'waiting',
  'active',
  'completed',
  'failed',
  'delayed',
  'blocked',
] as const;
export type JobStateName = (typeof jobStates)[number];

/** A job as it is now; times are ISO 8601. */
export interface JobStatus {
  id: string;
  name: string;
  queue: QueueName;
  state: JobStateName;
  progress: number;
  attempts: number;
  /** Why it failed last. */
  reason: string | null;
  enqueuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

/** How many jobs of a queue are in each state, and whether it is paused. */
export type QueueStats = Record<JobStateName, number> & { isPaused: boolean };

const names: Partial<Record<JobState | 'unknown', JobStateName>> = {
  active: 'active',
  completed: 'completed',
  failed: 'failed',
  delayed: 'delayed',
  'waiting-children': 'blocked',
};

const isoOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

/** How a job stands; undefined when the queue does not know it. */
export async function readStatus(
  queue: Queue<Envelope>,
  key: JobKey,
): Promise<JobStatus | undefined> {
  // The state first: what a job says of its end is there when it has ended, not before.
  const state = await queue.getJobState(bullId(key));
  const job = await queue.getJob(bullId(key));
  if (!job) return undefined;
  return {
    id: key.id,
    name: job.name,
    queue: queue.name as QueueName,
    state: names[state] ?? 'waiting',
    progress: typeof job.progress === 'number' ? job.progress : 0,
    attempts: job.attemptsMade,
    reason: job.failedReason ?? null,
    enqueuedAt: new Date(job.timestamp).toISOString(),
    startedAt: isoOf(job.processedOn),
    finishedAt: isoOf(job.finishedOn),
  };
}

/** How a queue stands. */
export async function readStats(queue: Queue<Envelope>): Promise<QueueStats> {
  const [counts, isPaused] = await Promise.all([queue.getJobCounts(), queue.isPaused()]);
  const sum = (...states: string[]) => states.reduce((all, one) => all + (counts[one] ?? 0), 0);
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
