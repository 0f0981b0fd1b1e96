import type { Id } from '@insightdesk/shared/contract';
import type { ConnectionOptions, Job, Queue } from 'bullmq';
import type { Redis } from 'iovalkey';
import { loadBullmq } from '../definition/bullmq.ts';
import { type JobRequest, type QueueName, queueNames } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { bullId, type JobKey, jobKey } from '../definition/job-keys.ts';
import { createFairness } from '../fairness/fairness.ts';
import {
  createEnqueueLimiter,
  type EnqueueQuota,
  flattenRequest,
  unlimited,
} from '../quota/enqueue-limiter.ts';
import type { ParkedJob } from '../quota/parked-jobs.ts';
import { createTenantJobIndex } from './tenant-job-index.ts';
import { toBullFlow, toBullJob } from './to-bullmq.ts';

/** Enqueues jobs on all queues. */
export interface Queues {
  /** Enqueues jobs; a known id is ignored, and jobs over the quota are parked. */
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Enqueues parked jobs as far as the quota allows; returns these. */
  releaseParked(owner: Id<'org'>, parked: readonly ParkedJob[]): Promise<JobRequest[]>;
  /** Gives the quota of an ended job back. */
  jobEnded(job: Job<Envelope>): void;
  /** Assigns turns to all jobs that have none yet: new, due and retried ones. */
  assignTurns(queue: QueueName): Promise<unknown>;
  /** Runs a delayed job as soon as possible; throws when it is not delayed. */
  promote(queue: QueueName, key: JobKey): Promise<void>;
  get(name: QueueName): Queue<Envelope>;
  close(): Promise<void>;
}

/** Opens all queues on one Valkey connection; without a quota every job is enqueued. */
export function createQueues(valkey: Redis, prefix = 'jobs', quota?: EnqueueQuota): Queues {
  const { FlowProducer, Queue } = loadBullmq();
  const connection = valkey as unknown as ConnectionOptions;
  const queues = new Map(
    queueNames.map((name) => [name, new Queue<Envelope>(name, { connection, prefix })]),
  );
  // A graph sent again after a reconnect would bind running jobs to children that have ended.
  const flowValkey = valkey.duplicate({ autoResendUnfulfilledCommands: false });
  const flows = new FlowProducer({
    connection: flowValkey as unknown as ConnectionOptions,
    prefix,
  });
  // The connection reports its own errors; without a listener BullMQ prints each of them.
  for (const queue of queues.values()) queue.on('error', () => {});
  for (const emitter of [flows, flowValkey]) emitter.on('error', () => {});
  const { assignTurns, assignTurnsSoon, assignTurnsAfter } = createFairness(valkey, prefix);
  const tenantJobs = createTenantJobIndex(valkey, prefix);
  const limiter = quota ? createEnqueueLimiter(valkey, prefix, quota) : unlimited;
  const get = (name: QueueName) => queues.get(name) as Queue<Envelope>;

  async function addSingles(requests: JobRequest[]) {
    const byQueue = Map.groupBy(requests, ({ job }) => job.queue);
    await Promise.all(
      [...byQueue].map(async ([name, group]) => {
        await get(name).waitUntilReady();
        const adding = get(name).addBulk(group.map(toBullJob));
        assignTurnsAfter(name, adding);
        await adding;
      }),
    );
  }

  /** BullMQ ignores a known job, but would bind the jobs of a known graph to each other again. */
  async function withoutKnown(requests: JobRequest[]) {
    const lookups = valkey.pipeline();
    for (const { job, ...key } of requests) lookups.exists(jobKey(prefix, job.queue, key));
    const found = (await lookups.exec()) ?? [];
    return requests.filter((_, i) => found[i]?.[1] === 0);
  }

  async function addGraphs(all: JobRequest[]) {
    if (all.length === 0) return;
    const requests = await withoutKnown(all);
    if (requests.length > 0) await flows.addBulk(requests.map((request) => toBullFlow(request)));
    for (const queue of new Set(all.flatMap(flattenRequest).map(({ job }) => job.queue)))
      assignTurnsSoon(queue);
  }

  async function add(requests: JobRequest[]) {
    const { graphs = [], singles = [] } = Object.groupBy(requests, ({ dependsOn }) =>
      dependsOn ? 'graphs' : 'singles',
    );
    const refs = requests
      .flatMap(flattenRequest)
      .map(({ job, ...key }) => ({ ...key, queue: job.queue }));
    await Promise.all([addSingles(singles), addGraphs(graphs), tenantJobs.add(refs)]);
  }

  return {
    get,
    assignTurns,
    jobEnded: limiter.jobEnded,
    async promote(queue, key) {
      const job = await get(queue).getJob(bullId(key));
      await job?.promote();
      assignTurnsSoon(queue);
    },
    enqueue: async (requests) => add(await limiter.reserve(requests)),
    async releaseParked(owner, parked) {
      const requests = await limiter.reserveParked(owner, parked);
      await add(requests);
      return requests;
    },
    async close() {
      await limiter.close();
      await Promise.all([...queues.values(), flows].map((closable) => closable.close()));
      flowValkey.disconnect();
    },
  };
}
