import { DomainBusinessRuleError, DomainNotFoundError } from '@insightdesk/shared/errors';
import type { Job } from 'bullmq';
import type { Redis } from 'iovalkey';
import { type JobOwner, type QueueName, queueNames } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { bullId } from '../definition/job-keys.ts';
import { cancelTopic } from '../queue/cancellation.ts';
import type { Queues } from '../queue/queues.ts';
import { createTenantJobIndex, type JobPageQuery } from '../queue/tenant-job-index.ts';
import { type JobStatus, type QueueStats, readJobStatus, readQueueStats } from './job-status.ts';

/** Lists and controls jobs: all of them for operators, an organization's own for its members. */
export interface JobControl {
  /** The newest jobs of an organization; 1,000 are indexed. */
  list(tenantId: JobOwner, page: JobPageQuery): Promise<JobPage>;
  /** Throws DomainNotFoundError for an unknown job or one of another organization. */
  require(tenantId: JobOwner, id: string): Promise<JobStatus & { log: string[] }>;
  /** Ends a job for good, also while it runs; throws when it has already ended. */
  cancel(tenantId: JobOwner, id: string, by: string): Promise<void>;
  /** Runs a failed job again with all its attempts; throws when it has not failed. */
  retry(tenantId: JobOwner, id: string): Promise<void>;
  /** Retries all failed jobs of a queue; returns their number. */
  retryAll(queue: QueueName): Promise<number>;
  pauseQueue(queue: QueueName): Promise<void>;
  resumeQueue(queue: QueueName): Promise<void>;
  getStats(): Promise<Record<QueueName, QueueStats>>;
}

/** May be short when jobs were removed or changed state meanwhile. */
export interface JobPage {
  items: JobStatus[];
  nextCursor: string | null;
}

const RETRY_BATCH_SIZE = 500;
const MAX_LOG_LINES = 100;

const notFound = () => new DomainNotFoundError('Job not found');

/** Builds the control of all queues. */
export function createJobControl(queues: Queues, valkey: Redis, prefix = 'jobs'): JobControl {
  const tenantJobs = createTenantJobIndex(valkey, prefix);

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
      const { jobs, nextCursor } = await tenantJobs.list(tenantId, page);
      const found = await Promise.all(
        jobs.map(({ queue, id }) => readJobStatus(queues.get(queue), { tenantId, id })),
      );
      const items = found
        .filter((job) => job !== undefined)
        .filter(({ state }) => !page.state || state === page.state);
      return { items, nextCursor };
    },

    async require(tenantId, id) {
      const { queue, job } = await find(tenantId, id);
      const [status, { logs }] = await Promise.all([
        readJobStatus(queues.get(queue), { tenantId, id }),
        queues.get(queue).getJobLogs(job.id as string, 0, MAX_LOG_LINES - 1),
      ]);
      if (!status) throw notFound();
      return { ...status, log: logs };
    },

    async cancel(tenantId, id, by) {
      const { job } = await find(tenantId, id);
      const state = await job.getState();
      if (state === 'completed' || state === 'failed') {
        throw new DomainBusinessRuleError('The job has already ended', { code: 'JOB_ENDED' });
      }
      await job.updateData({ ...job.data, cancelledBy: by });
      if (state === 'delayed') await job.promote();
      await valkey.publish(cancelTopic(prefix), job.id as string);
    },

    async retry(tenantId, id) {
      const { queue, job } = await find(tenantId, id);
      if (!(await job.isFailed())) {
        throw new DomainBusinessRuleError('Only failed jobs can be retried', {
          code: 'JOB_NOT_FAILED',
        });
      }
      await requeue(job);
      await queues.assignTurns(queue);
    },

    retryAll: (queue) => requeueAll(queues, queue),
    pauseQueue: (queue) => queues.get(queue).pause(),
    resumeQueue: (queue) => queues.get(queue).resume(),

    async getStats() {
      const entries = queueNames.map(async (name) => [
        name,
        await readQueueStats(queues.get(name)),
      ]);
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}

async function requeueAll(queues: Queues, queue: QueueName): Promise<number> {
  let count = 0;
  const bound = await queues.get(queue).getFailedCount();
  while (count < bound) {
    const jobs = await queues.get(queue).getFailed(0, RETRY_BATCH_SIZE - 1);
    if (jobs.length === 0) break;
    await Promise.all(jobs.map((job) => requeue(job)));
    count += jobs.length;
    await queues.assignTurns(queue);
  }
  return count;
}

async function requeue(job: Job<Envelope>): Promise<void> {
  const { cancelledBy: _, ...data } = job.data;
  await job.updateData(data);
  await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
}
