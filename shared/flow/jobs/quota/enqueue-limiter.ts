import type { Id } from '@insightdesk/shared/contract';
import type { Job } from 'bullmq';
import type { Redis } from 'iovalkey';
import type { JobRequest, QueueName } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { parseBullId } from '../definition/job-keys.ts';
import type { ParkedJob, ParkedJobs } from './parked-jobs.ts';
import {
  createQueueUsageCounters,
  type EndedJob,
  type JobUnit,
  type QueueQuota,
} from './queue-usage.ts';

/** The queue quotas of organizations, and where jobs over the quota are parked. */
export interface EnqueueQuota {
  quotaOf(tenantId: Id<'org'>): QueueQuota;
  parkedJobs: Pick<ParkedJobs, 'park'>;
}

/** Decides which jobs are enqueued now. System jobs always are. */
export interface EnqueueLimiter {
  /** Returns the jobs to enqueue, after parking the others. */
  reserve(requests: JobRequest[]): Promise<JobRequest[]>;
  /** The same for parked jobs of one organization; those over the quota stay parked. */
  reserveParked(owner: Id<'org'>, parked: readonly ParkedJob[]): Promise<JobRequest[]>;
  /** Gives the quota of an ended job back, a moment later. */
  jobEnded(job: Job<Envelope>): void;
  close(): Promise<void>;
}

/** What BullMQ stores besides the data of a job. */
const OVERHEAD_BYTES = 1_024;
/** Delayed jobs that are due later than this get half of the quota. */
const DUE_LATER_MS = 60_000;
const REPORT_DELAY_MS = 50;
/** Further ended jobs are found by the reconciler. */
const MAX_UNREPORTED = 20_000;
const MAX_STORED_DATA_BYTES = 4_096;

/** Enqueues every job. */
export const unlimited: EnqueueLimiter = {
  reserve: async (requests) => requests,
  reserveParked: async (_, parked) => parked.map(({ request }) => request),
  jobEnded() {},
  close: async () => {},
};

/** Opens the limiter of the queues with this prefix. */
export function createEnqueueLimiter(
  valkey: Redis,
  prefix: string,
  { quotaOf, parkedJobs }: EnqueueQuota,
): EnqueueLimiter {
  const counters = createQueueUsageCounters(valkey, prefix);
  const unreported = new Map<Id<'org'>, EndedJob[]>();
  let unreportedCount = 0;
  let timer: Timer | undefined;

  async function reserveOf(owner: Id<'org'>, own: JobRequest[]) {
    const fits = await counters.reserve(owner, quotaOf(owner), own.map(toUnit));
    return own.map((request, at) => ({ request, fits: fits[at] === true }));
  }

  async function reportEnded(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = [...unreported];
    unreported.clear();
    unreportedCount = 0;
    await Promise.allSettled(
      batch.map(([owner, ended]) => counters.countEnded(owner, quotaOf(owner), ended)),
    );
  }

  return {
    async reserve(requests) {
      const { system = [], tenants = [] } = Object.groupBy(requests, ({ tenantId }) =>
        tenantId === 'system' ? 'system' : 'tenants',
      );
      const byOwner = Map.groupBy(tenants, ({ tenantId }) => tenantId as Id<'org'>);
      const reserved = (
        await Promise.all([...byOwner].map(([owner, own]) => reserveOf(owner, own)))
      ).flat();
      const overQuota = reserved.filter(({ fits }) => !fits).map(({ request }) => request);
      if (overQuota.length > 0) await parkedJobs.park(overQuota);
      return [...system, ...reserved.filter(({ fits }) => fits).map(({ request }) => request)];
    },
    async reserveParked(owner, parked) {
      const requests = parked.map(({ request, dueAt }): JobRequest => {
        const delayMs = dueAt.getTime() - Date.now();
        const { delayMs: _, ...rest } = request;
        return delayMs > 0 ? { ...rest, delayMs } : rest;
      });
      const units = requests.map(toUnit);
      const fits = await counters.reserve(owner, quotaOf(owner), units, { isParked: true });
      return requests.filter((_, at) => fits[at]);
    },
    jobEnded(job) {
      const { tenantId } = parseBullId(job.id as string);
      if (tenantId === 'system' || unreportedCount >= MAX_UNREPORTED) return;
      unreportedCount++;
      const own = unreported.get(tenantId) ?? [];
      own.push(toEndedJob(job));
      unreported.set(tenantId, own);
      timer ??= setTimeout(() => void reportEnded(), REPORT_DELAY_MS);
    },
    close: reportEnded,
  };
}

function toUnit(request: JobRequest): JobUnit {
  const isDueLater = (request.delayMs ?? 0) > DUE_LATER_MS;
  return { isDueLater, jobs: flattenRequest(request).map(toCountedJob) };
}

function toCountedJob({ job, id, requestId, payload }: JobRequest) {
  const bytes = OVERHEAD_BYTES + jsonBytes({ requestId, payload });
  return { queue: job.queue, id, bytes };
}

/** A job and all its dependencies. */
export const flattenRequest = (request: JobRequest): JobRequest[] => [
  request,
  ...(request.dependsOn?.jobs ?? []).flatMap(flattenRequest),
];

const jsonBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');

function toEndedJob({ id, queueName, data, failedReason, stacktrace }: Job<Envelope>): EndedJob {
  const ref = { queue: queueName as QueueName, id: parseBullId(id as string).id };
  const bytes = jsonBytes(data);
  if (failedReason === undefined) {
    if (bytes <= MAX_STORED_DATA_BYTES) return ref;
    return { ...ref, truncatedData: JSON.stringify({ ...data, payload: null }) };
  }
  const reasonBytes = jsonBytes([failedReason, stacktrace]);
  return { ...ref, failedBytes: OVERHEAD_BYTES + bytes + reasonBytes };
}
