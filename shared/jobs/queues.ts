import { type ConnectionOptions, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'iovalkey';
import { type JobRequest, type QueueName, queueNames } from './define-job.ts';

/** What a job carries on the wire between deploys: only ever add optional fields. */
export interface Envelope {
  tenantId: string;
  requestId: string;
  payload: unknown;
}

/** The doors of all queues. */
export interface Queues {
  /** Accepts work; an id that is already known is a no-op. */
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Jobs waiting, active, delayed and failed, by queue. */
  counts(): Promise<Record<QueueName, Record<string, number>>>;
  get(name: QueueName): Queue<Envelope>;
  close(): Promise<void>;
}

const DAY_SECONDS = 86_400;
const retention = {
  removeOnComplete: { age: DAY_SECONDS, count: 1000 },
  removeOnFail: { age: 14 * DAY_SECONDS, count: 10_000 },
} satisfies JobsOptions;

/** Opens every queue on one Valkey connection. */
export function createQueues(valkey: Redis, prefix = 'jobs'): Queues {
  const connection = valkey as unknown as ConnectionOptions;
  const queues = new Map(
    queueNames.map((name) => [name, new Queue<Envelope>(name, { connection, prefix })]),
  );
  const get = (name: QueueName) => queues.get(name) as Queue<Envelope>;

  return {
    get,
    async enqueue(requests) {
      const byQueue = Map.groupBy(requests, ({ job }) => job.queue);
      await Promise.all(
        [...byQueue].map(([name, group]) => get(name).addBulk(group.map(toBulkJob))),
      );
    },
    async counts() {
      const entries = queueNames.map(async (name) => [name, await get(name).getJobCounts()]);
      return Object.fromEntries(await Promise.all(entries));
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

function toBulkJob({ job, id, tenantId, requestId, payload, delayMs }: JobRequest) {
  return {
    name: job.name,
    data: { tenantId, requestId, payload },
    opts: {
      ...retention,
      jobId: id,
      attempts: job.attempts,
      backoff: { type: 'exponential', delay: job.backoffMs, jitter: 0.5 },
      ...(delayMs !== undefined && { delay: Math.max(0, delayMs) }),
    } satisfies JobsOptions,
  };
}
