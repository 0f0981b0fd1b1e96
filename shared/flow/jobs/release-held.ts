import type { Id } from '@insightdesk/shared/contract';
import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { sleep } from '@insightdesk/shared/promises';
import type { Redis } from 'iovalkey';
import type { JobBudget } from './admission.ts';
import type { HeldJob, HeldJobs } from './held-jobs.ts';
import { createJobLoad } from './job-load.ts';
import type { Queues } from './queues.ts';
import { createLoadSweep } from './sweep-load.ts';

export interface HeldReleaseOptions {
  valkey: Redis;
  queues: Pick<Queues, 'release'>;
  held: HeldJobs;
  roomOf: JobBudget['roomOf'];
  /** Only one worker does it; two at once do no harm. */
  isLeader(): boolean;
  log: Logger;
  prefix?: string;
  busyMs?: number;
  idleMs?: number;
  sweepMs?: number;
}

export interface HeldRelease {
  start(): void;
  stop(): Promise<void>;
  /** Lets in once what there is room for; how many wait whose owners may have more room at once. */
  tick(): Promise<number>;
}

const PAGE = 100;
const MOST_PAGES = 20;
const AT_ONCE = 8;

/** Lets jobs into the queues that had no room, as there is some, those first that were due first. */
export function createHeldRelease(options: HeldReleaseOptions): HeldRelease {
  const { valkey, queues, held, roomOf, isLeader, log, prefix = 'jobs' } = options;
  const { busyMs = 200, idleMs = 1_000, sweepMs = 60_000 } = options;
  const load = createJobLoad(valkey, prefix);
  const sweep = createLoadSweep(valkey, prefix, load.end);
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let nextSweepAt = Date.now() + sweepMs;

  async function releaseOf(owner: Id<'org'>): Promise<void> {
    for (let page = 0; page < MOST_PAGES && !stopping.signal.aborted; page++) {
      const oldest = await held.oldest(owner, PAGE);
      const released = await queues.release(owner, oldest);
      if (released.length > 0) await held.release(owner, released);
      const isFull = released.length < oldest.length;
      if (!isFull && oldest.length === PAGE) continue;
      if (!isFull || !leavesDue(oldest, released.length)) await load.stopHolding(owner);
      return;
    }
  }

  async function tick(): Promise<number> {
    const owners = await held.owners();
    const known = new Set(owners);
    const free = (await load.holding()).filter((owner) => !known.has(owner));
    await Promise.all(free.map((owner) => load.stopHolding(owner)));
    for (let n = 0; n < owners.length; n += AT_ONCE) {
      await Promise.all(owners.slice(n, n + AT_ONCE).map(releaseOf));
    }
    return owners.length;
  }

  async function maintain(): Promise<void> {
    if (Date.now() < nextSweepAt) return;
    nextSweepAt = Date.now() + sweepMs;
    await held.purge();
    const count = await sweep(roomOf);
    if (count > 0) log.info({ jobs: count }, 'jobs: counted out that had ended without a word');
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
        log.warn({ err: serializeError(error) }, 'jobs: what is held waits on');
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

/** Whether one that is due found no room; those are first, and come in in their order. */
const leavesDue = (oldest: readonly HeldJob[], released: number) =>
  oldest.slice(released).some(({ dueAt }) => dueAt.getTime() <= Date.now());
