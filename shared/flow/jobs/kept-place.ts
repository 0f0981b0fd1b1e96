import type { Worker } from 'bullmq';
import type { ClientContext, Redis, Result } from 'iovalkey';
import type { QueueName } from './define-job.ts';
import { lua } from './ids.ts';
import type { Envelope } from './queues.ts';

/** One place of a worker, for organisations that have no job running in the queue. */
export interface KeptPlace {
  /** Somebody has come while no worker was waiting for a job. */
  offer(): void;
  /** Lets the job that has it finish. */
  close(): Promise<void>;
}

/** The pub/sub topic by which workers hear of newcomers; messages are queues. */
export const newcomerTopic = (prefix: string) => `${prefix}:newcomer`;

/** Newcomers are ahead of all others, so whoever is not among so many is none. */
const LOOKED_AT = 32;

/**
 * Makes the first job of an organisation that has none running the next to be taken.
 *
 * KEYS prioritized wait active meta; ARGV how many are looked at. Replies 1 when there was one.
 */
const letInScript = `
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

/** Keeps a place beside those of a worker; how many these are is the worker's own concurrency. */
export function keepPlace(
  worker: Worker<Envelope>,
  queue: QueueName,
  { valkey, prefix, onError }: { valkey: Redis; prefix: string; onError(error: unknown): void },
): KeptPlace {
  valkey.defineCommand('jobsLetIn', { numberOfKeys: 4, lua: letInScript });
  const parts = ['prioritized', 'wait', 'active', 'meta'];
  const keys = parts.map((part) => `${prefix}:${queue}:${part}`);
  const token = `${worker.id}:kept`;
  const process = worker.processJob.bind(worker);
  let atWork = 0;
  let serving: Promise<void> | undefined;
  let isAsked = false;
  let isClosed = false;

  // By the worker's own loop, each until it has been handed the next one.
  worker.processJob = (...job) => {
    atWork++;
    if (isAsked) look();
    return process(...job).finally(() => {
      atWork--;
    });
  };

  function look() {
    serving ??= serve()
      .catch(onError)
      .finally(() => {
        serving = undefined;
      });
  }

  async function serve(): Promise<void> {
    // Who comes while a job is run is looked for after it. A free place of the loop's takes whoever is
    // next, unless it has another job in hand: then this is asked again as that begins.
    while (isAsked && !isClosed && atWork >= worker.concurrency) {
      isAsked = false;
      if ((await valkey.jobsLetIn(...keys, LOOKED_AT)) === 0) continue;
      isAsked = true;
      const job = await worker.getNextJob(token, { block: false });
      if (job) await process(job, token, () => false);
    }
  }

  return {
    offer() {
      isAsked = true;
      look();
    },
    async close() {
      isClosed = true;
      await serving;
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsLetIn(...args: (string | number)[]): Result<number, Context>;
  }
}
