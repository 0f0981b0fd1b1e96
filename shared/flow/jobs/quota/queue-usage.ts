import type { Id } from '@insightdesk/shared/contract';
import type { ClientContext, Redis, Result } from 'iovalkey';
import { indexMember, type JobRef, jobKey } from '../definition/job-keys.ts';
import { countEndedScript, reserveScript } from './usage-scripts.ts';

/** What an organization may have in the queues; Infinity is unlimited. */
export interface QueueQuota {
  jobs: number;
  bytes: number;
}

/** A job with its dependencies, which are enqueued together or not at all. */
export interface JobUnit {
  isDueLater: boolean;
  jobs: readonly (JobRef & { bytes: number })[];
}

export interface EndedJob extends JobRef {
  /** What it takes as a failed job, if it failed. */
  failedBytes?: number;
  /** Replaces its data. */
  truncatedData?: string;
}

/** Counts what organizations have in the queues. */
export interface QueueUsageCounters {
  /** Reserves quota for each unit that fits; parked jobs do not wait for other parked ones. */
  reserve(
    owner: Id<'org'>,
    quota: QueueQuota,
    units: readonly JobUnit[],
    options?: { isParked?: boolean },
  ): Promise<boolean[]>;
  countEnded(owner: Id<'org'>, quota: QueueQuota, ended: readonly EndedJob[]): Promise<void>;
  /** Organizations whose new jobs are parked behind those that already are. */
  listParkingTenants(): Promise<Id<'org'>[]>;
  stopParking(owner: Id<'org'>): Promise<void>;
}

/** Stands for Infinity in scripts. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const BATCH_SIZE = 200;
const MAX_TENANTS = 5_000;

export const usageKey = (prefix: string, owner: string) => `${prefix}:usage:${owner}`;
/** Lists the organizations with usage. */
export const usageIndexKey = (prefix: string) => `${prefix}:usage-tenants`;
/** Lists the organizations with parked jobs. */
export const parkingTenantsKey = (prefix: string) => `${prefix}:parking-tenants`;
const failedJobsKey = (prefix: string, owner: string) => `${prefix}:failed-jobs:${owner}`;

/** The unfinished jobs of an organization, and the bytes of all its jobs. */
export async function readQueueUsage(
  valkey: Pick<Redis, 'hmget'>,
  owner: Id<'org'>,
  prefix = 'jobs',
): Promise<{ jobs: number; bytes: number }> {
  const found = await valkey.hmget(usageKey(prefix, owner), '#', '$', '!');
  const [jobs = 0, bytes = 0, failed = 0] = found.map((text) => Math.max(0, Number(text ?? 0)));
  return { jobs, bytes: bytes + failed };
}

/** Opens the counters of the queues with this prefix. */
export function createQueueUsageCounters(valkey: Redis, prefix: string): QueueUsageCounters {
  valkey.defineCommand('jobsReserve', { numberOfKeys: 3, lua: reserveScript });
  valkey.defineCommand('jobsCountEnded', { numberOfKeys: 3, lua: countEndedScript });
  const index = usageIndexKey(prefix);
  const parking = parkingTenantsKey(prefix);
  const finite = (limit: number) => Math.min(limit, UNLIMITED);

  return {
    async reserve(owner, quota, units, { isParked = false } = {}) {
      const keys = [usageKey(prefix, owner), index, parking];
      const head = [owner, finite(quota.jobs), finite(quota.bytes), isParked ? 1 : 0];
      const results: boolean[] = [];
      for (let n = 0; n < units.length; n += BATCH_SIZE) {
        const args = units
          .slice(n, n + BATCH_SIZE)
          .flatMap(({ isDueLater, jobs }) => [
            isDueLater ? 'later' : 'now',
            jobs.length,
            ...jobs.flatMap((job) => [
              indexMember(job),
              job.bytes,
              jobKey(prefix, job.queue, { tenantId: owner, id: job.id }),
            ]),
          ]);
        const fits = await valkey.jobsReserve(...keys, ...head, ...args);
        results.push(...fits.map((reply) => reply === 1));
      }
      return results;
    },
    async countEnded(owner, quota, ended) {
      const keys = [usageKey(prefix, owner), index, failedJobsKey(prefix, owner)];
      const head = [owner, finite(quota.bytes), Date.now(), prefix];
      for (let n = 0; n < ended.length; n += BATCH_SIZE) {
        const args = ended.slice(n, n + BATCH_SIZE).flatMap((job) => {
          const { queue, id, failedBytes = '', truncatedData = '' } = job;
          const key = jobKey(prefix, queue, { tenantId: owner, id });
          return [indexMember(job), key, failedBytes, truncatedData];
        });
        await valkey.jobsCountEnded(...keys, ...head, ...args);
      }
    },
    listParkingTenants: async () =>
      (await valkey.zrange(parking, 0, MAX_TENANTS - 1)) as Id<'org'>[],
    async stopParking(owner) {
      await valkey.zrem(parking, owner);
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsReserve(...args: (string | number)[]): Result<number[], Context>;
    jobsCountEnded(...args: (string | number)[]): Result<number, Context>;
  }
}
