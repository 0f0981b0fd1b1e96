import { DomainBusinessRuleError, DomainNotFoundError } from '@insightdesk/shared/errors';
import type { Job, JobState, Queue } from 'bullmq';
import type { Redis } from 'iovalkey';
import { cancelTopic } from './cancel.ts';
import { type JobOwner, type QueueName, queueNames } from './define-job.ts';
import { bullId, parseBullId } from './ids.ts';
import type { Envelope, Queues } from './queues.ts';

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

/** What operators, and organisations for their own jobs, can see and do. */
export interface JobDesk {
  /** The newest jobs of an organisation, at most 1,000 of which are remembered. */
  list(tenantId: JobOwner, page: { limit: number; cursor?: string }): Promise<JobPage>;
  /** Throws DomainNotFoundError for what is not there or another organisation's. */
  require(tenantId: JobOwner, id: string): Promise<JobStatus & { log: string[] }>;
  /** Ends a job for good, at once when it runs; throws when it has ended already. */
  cancel(tenantId: JobOwner, id: string, by: string): Promise<void>;
  /** Gives a failed job its attempts back; throws when it has not failed. */
  retry(tenantId: JobOwner, id: string): Promise<void>;
  /** Requeues all failed jobs of a queue; gives their number. */
  retryAll(queue: QueueName): Promise<number>;
  pauseQueue(queue: QueueName): Promise<void>;
  resumeQueue(queue: QueueName): Promise<void>;
  getStats(): Promise<Record<QueueName, QueueStats>>;
}

export interface JobPage {
  items: JobStatus[];
  nextCursor: string | null;
}

const REMEMBERED = 1_000;
const RETRY_PAGE = 500;
const TTL_SECONDS = 14 * 86_400;
const names: Partial<Record<JobState | 'unknown', JobStateName>> = {
  active: 'active',
  completed: 'completed',
  failed: 'failed',
  delayed: 'delayed',
  'waiting-children': 'blocked',
};
const indexKey = (prefix: string, tenantId: string) => `${prefix}:of:{${tenantId}}`;
const isoOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

/** Remembers which jobs are whose, newest last, in one round trip. */
export async function remember(
  valkey: Redis,
  prefix: string,
  jobs: readonly { tenantId: string; id: string; queue: QueueName }[],
): Promise<void> {
  const pipeline = valkey.pipeline();
  const now = Date.now();
  for (const [tenantId, own] of Map.groupBy(jobs, (job) => job.tenantId)) {
    const key = indexKey(prefix, tenantId);
    const newest = own.slice(-REMEMBERED);
    pipeline.zadd(key, 'NX', ...newest.flatMap(({ id, queue }) => [now, `${queue} ${id}`]));
    pipeline.zremrangebyrank(key, 0, -REMEMBERED - 1);
    pipeline.expire(key, TTL_SECONDS);
  }
  await pipeline.exec();
}

/** Opens the desk over all queues. */
export function createJobDesk(queues: Queues, valkey: Redis, prefix = 'jobs'): JobDesk {
  async function find(tenantId: string, id: string) {
    const key = bullId({ tenantId, id });
    const found = await Promise.all(
      queueNames.map(async (queue) => ({ queue, job: await queues.get(queue).getJob(key) })),
    );
    const match = found.find(({ job }) => job);
    if (!match?.job) throw new DomainNotFoundError('There is no such job');
    return { queue: match.queue, job: match.job as Job<Envelope> };
  }

  async function load(tenantId: string, member: string): Promise<JobStatus | []> {
    const [queue, id] = member.split(' ') as [QueueName, string];
    return (await statusOf(queues.get(queue), bullId({ tenantId, id }))) ?? [];
  }

  return {
    async list(tenantId, { limit, cursor }) {
      const key = indexKey(prefix, tenantId);
      const rank = cursor ? await valkey.zrevrank(key, cursor) : -1;
      if (rank === null) return { items: [], nextCursor: null };
      const members = await valkey.zrevrange(key, rank + 1, rank + limit);
      const items = await Promise.all(members.map((member) => load(tenantId, member)));
      const last = members.at(-1);
      return { items: items.flat(), nextCursor: members.length === limit && last ? last : null };
    },
    async require(tenantId, id) {
      const { queue, job } = await find(tenantId, id);
      const [status, { logs }] = await Promise.all([
        statusOf(queues.get(queue), job.id as string),
        queues.get(queue).getJobLogs(job.id as string, 0, 99),
      ]);
      if (!status) throw new DomainNotFoundError('There is no such job');
      return { ...status, log: logs };
    },
    async cancel(tenantId, id, by) {
      const { job } = await find(tenantId, id);
      const state = await job.getState();
      if (state === 'completed' || state === 'failed') {
        throw new DomainBusinessRuleError('This job has ended', { code: 'JOB_ENDED' });
      }
      await job.updateData({ ...job.data, cancelledBy: by });
      if (state === 'delayed') await job.promote();
      await valkey.publish(cancelTopic(prefix), job.id as string);
    },
    async retry(tenantId, id) {
      const { queue, job } = await find(tenantId, id);
      if (!(await job.isFailed())) {
        throw new DomainBusinessRuleError('Only a failed job is retried', {
          code: 'JOB_NOT_FAILED',
        });
      }
      await requeue(job);
      await queues.takeTurns(queue);
    },
    async retryAll(queue) {
      let count = 0;
      const bound = await queues.get(queue).getFailedCount();
      while (count < bound) {
        const jobs = await queues.get(queue).getFailed(0, RETRY_PAGE - 1);
        if (jobs.length === 0) break;
        await Promise.all(jobs.map((job) => requeue(job)));
        count += jobs.length;
        await queues.takeTurns(queue);
      }
      return count;
    },
    pauseQueue: (queue) => queues.get(queue).pause(),
    resumeQueue: (queue) => queues.get(queue).resume(),
    async getStats() {
      const entries = queueNames.map(async (name) => [name, await statsOf(queues.get(name))]);
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}

async function requeue(job: Job<Envelope>): Promise<void> {
  const { cancelledBy: _, ...data } = job.data;
  await job.updateData(data);
  await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
}

// The state first: what a job says of its end is there when it has ended, not before.
async function statusOf(queue: Queue<Envelope>, key: string): Promise<JobStatus | undefined> {
  const state = await queue.getJobState(key);
  const job = await queue.getJob(key);
  if (!job) return undefined;
  return {
    id: parseBullId(key).id,
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

async function statsOf(queue: Queue<Envelope>): Promise<QueueStats> {
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
