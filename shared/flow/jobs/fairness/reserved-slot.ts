import type { Worker } from 'bullmq';
import type { ClientContext, Redis, Result } from 'iovalkey';
import type { QueueName } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { lua } from '../definition/job-keys.ts';

/** A slot of a worker for organizations without a running job in the queue. */
export interface ReservedSlot {
  /** An organization without jobs has enqueued one while all workers were busy. */
  wake(): void;
  /** Waits for the job in the slot. */
  close(): Promise<void>;
}

/** The pub/sub topic that wakes reserved slots; messages are names of queues. */
export const reservedSlotTopic = (prefix: string) => `${prefix}:reserved-slot`;

/** Jobs of organizations without a backlog come first, so a few are enough to check. */
const MAX_CHECKED_JOBS = 32;

/**
 * Moves the first job of an organization without a running job to the front of the queue.
 *
 * KEYS prioritized wait active meta; ARGV how many jobs to check. Replies 1 if there was one.
 */
const promoteScript = `
if redis.call('HEXISTS', KEYS[4], 'paused') == 1 then return 0 end
local busy = {}
local function ownerOf(id) return ${lua.ownerOf('id')} end
for _, id in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do busy[ownerOf(id)] = true end
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  if not busy[ownerOf(id)] then
    redis.call('ZREM', KEYS[1], id)
    redis.call('RPUSH', KEYS[2], id)
    return 1
  end
end
return 0
`;

/** Adds a reserved slot to a worker, beside the slots of the worker's own concurrency. */
export function reserveSlot(
  worker: Worker<Envelope>,
  queue: QueueName,
  { valkey, prefix, onError }: { valkey: Redis; prefix: string; onError(error: unknown): void },
): ReservedSlot {
  valkey.defineCommand('jobsPromoteIdleTenant', { numberOfKeys: 4, lua: promoteScript });
  const collections = ['prioritized', 'wait', 'active', 'meta'];
  const keys = collections.map((name) => `${prefix}:${queue}:${name}`);
  const token = `${worker.id}:reserved`;
  const process = worker.processJob.bind(worker);
  let runningJobs = 0;
  let filling: Promise<void> | undefined;
  let isWoken = false;
  let isClosed = false;

  // Called by the worker's own loop, each time until it has taken the next job.
  worker.processJob = (...job) => {
    runningJobs++;
    if (isWoken) fillSoon();
    return process(...job).finally(() => {
      runningJobs--;
    });
  };

  function fillSoon() {
    filling ??= fill()
      .catch(onError)
      .finally(() => {
        filling = undefined;
      });
  }

  async function fill(): Promise<void> {
    // A wake-up during a job is handled after it. A free slot of the worker's loop takes the next job
    // itself, unless it has already fetched another one: then processJob wakes this again.
    while (isWoken && !isClosed && runningJobs >= worker.concurrency) {
      isWoken = false;
      if ((await valkey.jobsPromoteIdleTenant(...keys, MAX_CHECKED_JOBS)) === 0) continue;
      isWoken = true;
      const job = await worker.getNextJob(token, { block: false });
      if (job) await process(job, token, () => false);
    }
  }

  return {
    wake() {
      isWoken = true;
      fillSoon();
    },
    async close() {
      isClosed = true;
      await filling;
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsPromoteIdleTenant(...args: (string | number)[]): Result<number, Context>;
  }
}
