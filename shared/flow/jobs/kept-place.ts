import type { Worker } from 'bullmq';
import type { ClientContext, Redis, Result } from 'iovalkey';
import type { QueueName } from './define-job.ts';
import { parseBullId } from './ids.ts';
import type { Envelope } from './queues.ts';

/** One place of a worker, for organisations that have no job running on it. */
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
 * Makes the first job of an organisation that has none running here the next to be taken.
 *
 * KEYS prioritized wait meta; ARGV how many are looked at, then whose jobs are running. Replies 1
 * when there was one.
 */
const letInScript = `
if redis.call('HEXISTS', KEYS[3], 'paused') == 1 then return 0 end
local busy = {}
for i = 2, #ARGV do busy[ARGV[i]] = true end
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  if not busy[string.match(id, '^[^~]*')] then
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
  valkey.defineCommand('jobsLetIn', { numberOfKeys: 3, lua: letInScript });
  const key = (part: string) => `${prefix}:${queue}:${part}`;
  const ownersAtWork = watchOwners(worker);
  const token = `${worker.id}:kept`;
  const keys = ['prioritized', 'wait', 'meta'].map(key);
  let serving: Promise<void> | undefined;
  let isAsked = false;
  let isClosed = false;

  async function serve(): Promise<void> {
    while (isAsked && !isClosed) {
      isAsked = false;
      if ((await valkey.jobsLetIn(...keys, LOOKED_AT, ...ownersAtWork())) === 0) continue;
      // While it is run others may come; after it they are looked for.
      isAsked = true;
      const job = await worker.getNextJob(token, { block: false });
      if (job) await worker.processJob(job, token, () => false);
    }
  }

  return {
    offer() {
      isAsked = true;
      serving ??= serve()
        .catch(onError)
        .finally(() => {
          serving = undefined;
        });
    },
    async close() {
      isClosed = true;
      await serving;
    },
  };
}

/** Whose jobs are at work, from when the worker is given one until it has been given the next. */
function watchOwners(worker: Worker<Envelope>): () => string[] {
  const atWork = new Set<string>();
  const process = worker.processJob.bind(worker);
  worker.processJob = async (job, ...rest) => {
    const id = job.id as string;
    atWork.add(id);
    try {
      return await process(job, ...rest);
    } finally {
      atWork.delete(id);
    }
  };
  return () => [...new Set([...atWork].map((id) => parseBullId(id).tenantId))];
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsLetIn(...args: (string | number)[]): Result<number, Context>;
  }
}
