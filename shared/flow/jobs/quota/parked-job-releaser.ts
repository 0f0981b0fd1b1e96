import type { Id } from '@insightdesk/shared/contract';
import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { sleep } from '@insightdesk/shared/promises';
import type { Redis } from 'iovalkey';
import type { JobRequest } from '../definition/define-job.ts';
import type { EnqueueQuota } from './enqueue-limiter.ts';
import type { ParkedJob, ParkedJobs } from './parked-jobs.ts';
import { createQueueUsageCounters } from './queue-usage.ts';
import { createUsageReconciler } from './reconcile-usage.ts';

export interface ParkedJobReleaserOptions {
  valkey: Redis;
  queues: {
    releaseParked(owner: Id<'org'>, parked: readonly ParkedJob[]): Promise<JobRequest[]>;
  };
  parkedJobs: ParkedJobs;
  quotaOf: EnqueueQuota['quotaOf'];
  /** Only the leading worker releases jobs; two at once do no harm. */
  isLeader(): boolean;
  log: Logger;
  prefix?: string;
  /** The interval while jobs are parked. */
  busyMs?: number;
  /** The interval while none are. */
  idleMs?: number;
  reconcileMs?: number;
}

export interface ParkedJobReleaser {
  start(): void;
  stop(): Promise<void>;
  /** Releases jobs once, as far as quotas allow; returns how many organizations had parked jobs. */
  tick(): Promise<number>;
}

const PAGE_SIZE = 100;
const MAX_PAGES = 20;
const CONCURRENCY = 8;

/** Enqueues parked jobs as quota becomes free, those due first first. */
export function createParkedJobReleaser(options: ParkedJobReleaserOptions): ParkedJobReleaser {
  const { valkey, queues, parkedJobs, quotaOf, isLeader, log, prefix = 'jobs' } = options;
  const { busyMs = 200, idleMs = 1_000, reconcileMs = 60_000 } = options;
  const counters = createQueueUsageCounters(valkey, prefix);
  const reconcile = createUsageReconciler(valkey, prefix, counters.countEnded);
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let reconcileAt = Date.now() + reconcileMs;

  async function releaseOf(owner: Id<'org'>): Promise<void> {
    for (let page = 0; page < MAX_PAGES && !stopping.signal.aborted; page++) {
      const oldest = await parkedJobs.listOldest(owner, PAGE_SIZE);
      const released = await queues.releaseParked(owner, oldest);
      if (released.length > 0) await parkedJobs.markReleased(owner, released);
      const isQuotaUsed = released.length < oldest.length;
      if (!isQuotaUsed && oldest.length === PAGE_SIZE) continue;
      if (!isQuotaUsed || !hasDue(oldest.slice(released.length))) {
        await counters.stopParking(owner);
      }
      return;
    }
  }

  async function tick(): Promise<number> {
    const owners = await parkedJobs.listTenants();
    const withParked = new Set(owners);
    const parking = await counters.listParkingTenants();
    const done = parking.filter((owner) => !withParked.has(owner));
    await Promise.all(done.map((owner) => counters.stopParking(owner)));
    for (let n = 0; n < owners.length; n += CONCURRENCY) {
      await Promise.all(owners.slice(n, n + CONCURRENCY).map(releaseOf));
    }
    return owners.length;
  }

  async function maintain(): Promise<void> {
    if (Date.now() < reconcileAt) return;
    reconcileAt = Date.now() + reconcileMs;
    await parkedJobs.deleteReleased();
    const count = await reconcile(quotaOf);
    if (count > 0) log.info({ jobs: count }, 'jobs: reconciled jobs that ended unreported');
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let waiting = 0;
      try {
        if (isLeader()) {
          waiting = await tick();
          await maintain();
        }
      } catch (error) {
        log.warn({ err: serializeError(error) }, 'jobs: releasing parked jobs failed');
      }
      await sleep(waiting > 0 ? busyMs : idleMs, stopping.signal).catch(() => {});
    }
  }

  return {
    tick,
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Whether one of the jobs that stay parked is due; jobs are released in the order they are due. */
const hasDue = (parked: readonly ParkedJob[]) =>
  parked.some(({ dueAt }) => dueAt.getTime() <= Date.now());
