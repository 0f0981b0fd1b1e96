import { DomainBusinessRuleError, DomainNotFoundError } from '@insightdesk/shared/errors';
import type { Job } from 'bullmq';
import type { Redis } from 'iovalkey';
import { cancelTopic } from './cancel.ts';
import { type JobOwner, type QueueName, queueNames } from './define-job.ts';
import { bullId } from './ids.ts';
import { type JobStatus, type QueueStats, readStats, readStatus } from './job-status.ts';
import { createOwnJobs, type PageOfJobs } from './own-jobs.ts';
import type { Envelope, Queues } from './queues.ts';

/** What operators, and organisations for their own jobs, can see and do. */
export interface JobControl {
  /** The newest jobs of an organisation, at most 1,000 of which are remembered. */
  list(tenantId: JobOwner, page: PageOfJobs): Promise<JobPage>;
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

/** Fewer than were asked for where jobs were forgotten, or have changed their state, meanwhile. */
export interface JobPage {
  items: JobStatus[];
  nextCursor: string | null;
}

const RETRY_PAGE = 500;
const LOG_LINES = 100;

const notFound = () => new DomainNotFoundError('There is no such job');

/** Opens the control of all queues. */
export function createJobControl(queues: Queues, valkey: Redis, prefix = 'jobs'): JobControl {
  const ownJobs = createOwnJobs(valkey, prefix);

  async function find(tenantId: JobOwner, id: string) {
    const key = bullId({ tenantId, id });
    const found = await Promise.all(
      queueNames.map(async (queue) => ({ queue, job: await queues.get(queue).getJob(key) })),
    );
    const match = found.find(({ job }) => job);
    if (!match?.job) throw notFound();
    return { queue: match.queue, job: match.job as Job<Envelope> };
  }

  return {
    async list(tenantId, page) {
      const { jobs, nextCursor } = await ownJobs.page(tenantId, page);
      const found = await Promise.all(
        jobs.map(({ queue, id }) => readStatus(queues.get(queue), { tenantId, id })),
      );
      const items = found
        .filter((job) => job !== undefined)
        .filter(({ state }) => !page.state || state === page.state);
      return { items, nextCursor };
    },

    async require(tenantId, id) {
      const { queue, job } = await find(tenantId, id);
      const [status, { logs }] = await Promise.all([
        readStatus(queues.get(queue), { tenantId, id }),
        queues.get(queue).getJobLogs(job.id as string, 0, LOG_LINES - 1),
      ]);
      if (!status) throw notFound();
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

    retryAll: (queue) => requeueAll(queues, queue),
    pauseQueue: (queue) => queues.get(queue).pause(),
    resumeQueue: (queue) => queues.get(queue).resume(),

    async getStats() {
      const entries = queueNames.map(async (name) => [name, await readStats(queues.get(name))]);
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}

async function requeueAll(queues: Queues, queue: QueueName): Promise<number> {
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
}

async function requeue(job: Job<Envelope>): Promise<void> {
  const { cancelledBy: _, ...data } = job.data;
  await job.updateData(data);
  await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
}
