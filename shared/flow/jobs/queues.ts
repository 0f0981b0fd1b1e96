import type { Id } from '@insightdesk/shared/contract';
import { currentTrace } from '@insightdesk/shared/tracing';
import type { ConnectionOptions, FlowJob, Job, JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'iovalkey';
import { createAdmission, endless, type JobBudget, membersOf } from './admission.ts';
import { bullmq } from './bullmq.ts';
import {
  type ChildFailurePolicy,
  type JobRequest,
  type QueueName,
  queueNames,
} from './define-job.ts';
import { createFairness } from './fairness.ts';
import type { HeldJob } from './held-jobs.ts';
import { bullId, jobKey } from './ids.ts';
import { createOwnJobs } from './own-jobs.ts';
import { freshRank } from './priority.ts';

/** What a job carries from one release to the next: only ever add optional fields. */
export interface Envelope {
  tenantId: string;
  requestId: string;
  payload: unknown;
  onFailure?: ChildFailurePolicy;
  /** `traceparent` of what it follows from. */
  trace?: string;
  /** Who cancelled it; it fails for good when its turn comes. */
  cancelledBy?: string;
}

/** The doors of all queues. */
export interface Queues {
  /** Accepts work; an id that is already known is a no-op. What there is no room for is held. */
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Accepts what was held, as far as there is room for it now; gives that. */
  release(owner: Id<'org'>, held: readonly HeldJob[]): Promise<JobRequest[]>;
  /** Its room is free again. */
  ended(job: Job<Envelope>): void;
  /** Decides whose turn it is among what came due or failed since. */
  takeTurns(queue: QueueName): Promise<unknown>;
  get(name: QueueName): Queue<Envelope>;
  close(): Promise<void>;
}

/** Opens every queue on one Valkey connection; without a budget everything comes in. */
export function createQueues(valkey: Redis, prefix = 'jobs', budget?: JobBudget): Queues {
  const { FlowProducer, Queue } = bullmq();
  const connection = valkey as unknown as ConnectionOptions;
  const queues = new Map(
    queueNames.map((name) => [name, new Queue<Envelope>(name, { connection, prefix })]),
  );
  // A graph that is sent again after a reconnect would bind jobs that run to children that ended.
  const graphs = valkey.duplicate({ autoResendUnfulfilledCommands: false });
  const flows = new FlowProducer({
    connection: graphs as unknown as ConnectionOptions,
    prefix,
  });
  // The connection tells of its own troubles; unheard, BullMQ would print each of them.
  for (const one of queues.values()) one.on('error', () => {});
  for (const one of [flows, graphs]) one.on('error', () => {});
  const { takeTurns, takeTurnsSoon, takeTurnsBehind } = createFairness(valkey, prefix);
  const ownJobs = createOwnJobs(valkey, prefix);
  const admission = budget ? createAdmission(valkey, prefix, budget) : endless;
  const get = (name: QueueName) => queues.get(name) as Queue<Envelope>;

  async function addSingles(requests: JobRequest[]) {
    const byQueue = Map.groupBy(requests, ({ job }) => job.queue);
    await Promise.all(
      [...byQueue].map(async ([name, group]) => {
        await get(name).waitUntilReady();
        const added = get(name).addBulk(group.map(toBull));
        takeTurnsBehind(name, added);
        await added;
      }),
    );
  }

  /** BullMQ refuses a job that it knows, but would bind a graph's jobs to each other anew. */
  async function withoutKnown(requests: JobRequest[]) {
    const looks = valkey.pipeline();
    for (const { job, ...of } of requests) looks.exists(jobKey(prefix, job.queue, of));
    const found = (await looks.exec()) ?? [];
    return requests.filter((_, i) => found[i]?.[1] === 0);
  }

  async function addGraphs(all: JobRequest[]) {
    if (all.length === 0) return;
    const requests = await withoutKnown(all);
    if (requests.length > 0) await flows.addBulk(requests.map((request) => toFlow(request)));
    for (const queue of new Set(all.flatMap(membersOf).map(({ job }) => job.queue)))
      takeTurnsSoon(queue);
  }

  async function add(requests: JobRequest[]) {
    const { graphs = [], singles = [] } = Object.groupBy(requests, ({ after }) =>
      after ? 'graphs' : 'singles',
    );
    const own = requests
      .flatMap(membersOf)
      .map(({ job, ...key }) => ({ ...key, queue: job.queue }));
    await Promise.all([addSingles(singles), addGraphs(graphs), ownJobs.remember(own)]);
  }

  return {
    get,
    takeTurns,
    ended: admission.ended,
    enqueue: async (requests) => add(await admission.admit(requests)),
    async release(owner, held) {
      const requests = await admission.readmit(owner, held);
      await add(requests);
      return requests;
    },
    async close() {
      await admission.close();
      await Promise.all([...queues.values(), flows].map((one) => one.close()));
      graphs.disconnect();
    },
  };
}

function toBull(request: JobRequest) {
  const { job, id, tenantId, requestId, payload, delayMs, priority, after } = request;
  const trace = request.trace ?? currentTrace();
  return {
    name: job.name,
    data: {
      tenantId,
      requestId,
      payload,
      ...(trace && { trace }),
      ...(after && { onFailure: after.onFailure }),
    },
    opts: {
      jobId: bullId({ tenantId, id }),
      priority: freshRank(priority ?? job.priority),
      attempts: job.attempts,
      backoff: { type: 'exponential', delay: job.backoffMs, jitter: 0.5 },
      ...(delayMs !== undefined && { delay: Math.max(0, delayMs) }),
    } satisfies JobsOptions,
  };
}

const childOptions = {
  fail: { failParentOnFailure: true },
  ignore: { ignoreDependencyOnFailure: true },
  compensate: { ignoreDependencyOnFailure: true },
} satisfies Record<ChildFailurePolicy, JobsOptions>;

function toFlow(request: JobRequest, policy?: ChildFailurePolicy): FlowJob {
  const { opts, ...rest } = toBull(request);
  const { after } = request;
  return {
    ...rest,
    queueName: request.job.queue,
    opts: { ...opts, ...(policy && childOptions[policy]) },
    ...(after && { children: after.jobs.map((child) => toFlow(child, after.onFailure)) }),
  };
}
