import type { JobDefinition, JobLimit } from '../definition/define-job.ts';
import type { JobKey } from '../definition/job-keys.ts';
import type { RunOptions } from './run-job.ts';

/** The slots of the limits of one job. */
export interface Slots {
  /** Milliseconds to wait before the next try; 0 when all slots are acquired. */
  waitMs: number;
  /** Gives the slots back and starts the jobs that waited for them. */
  release(): Promise<void>;
}

type Limits = Pick<RunOptions, 'limits' | 'concurrency' | 'promote'>;

const LEASE_GRACE_MS = 30_000;
/** A job that waits for a slot may still be on its way to the delayed ones. */
const PROMOTE_RETRIES = 3;
const PROMOTE_RETRY_MS = 100;

/** Acquires the slots of all limits of a job, or none of them. */
export async function acquireSlots(
  job: JobDefinition,
  key: JobKey,
  payload: unknown,
  options: Limits,
): Promise<Slots> {
  const acquired: string[] = [];
  const release = async () => {
    for (const name of acquired.splice(0)) await releaseSlot(job, key, name, options);
  };
  for (const { name, limit } of limitsOf(job, key, payload, options.concurrency)) {
    const lease = job.timeoutMs + LEASE_GRACE_MS;
    const waitMs = await options.limits.acquire(name, key.id, limit, lease);
    if (waitMs > 0) {
      await release();
      return { waitMs, release };
    }
    acquired.push(name);
  }
  return { waitMs: 0, release };
}

function limitsOf(
  { name, limit, organizationShare }: JobDefinition,
  { tenantId }: JobKey,
  payload: unknown,
  concurrency: number,
) {
  const limits: { name: string; limit: Pick<JobLimit<never>, 'concurrent' | 'rate'> }[] = [];
  if (organizationShare !== undefined) {
    const concurrent = Math.max(1, Math.floor(organizationShare * concurrency));
    limits.push({ name: `${tenantId}:${name}`, limit: { concurrent } });
  }
  if (limit) limits.push({ name: `${tenantId}:${name}:${limit.key(payload as never)}`, limit });
  return limits;
}

/** After a failure here the slot is free when its lease ends, and the waiting job tries again by itself. */
async function releaseSlot(
  { queue }: JobDefinition,
  { tenantId, id }: JobKey,
  name: string,
  { limits, promote }: Limits,
): Promise<void> {
  const next = await limits.release(name, id).catch(() => undefined);
  if (next === undefined) return;
  void promoteSoon(() => promote(queue, { tenantId, id: next }));
}

async function promoteSoon(promote: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < PROMOTE_RETRIES; tries++) {
    try {
      return await promote();
    } catch {
      await Bun.sleep(PROMOTE_RETRY_MS);
    }
  }
}
