import type { ClientContext, Redis, Result } from 'iovalkey';
import { type QueueName, queueNames } from '../definition/define-job.ts';
import { UNASSIGNED_RANK } from '../definition/priority.ts';

/**
 * Removes dependencies that are gone or have ended from a blocked job. Without the last one the job
 * runs, or fails with a reason unless its policy is `ignore`. Layout: BullMQ 6, moveToFinished.
 *
 * KEYS job, job:dependencies, waiting-children, prioritized, pc, marker; ARGV id, reason, rank.
 */
const unblockScript = `
local job, dependencies = KEYS[1], KEYS[2]
if not redis.call('ZSCORE', KEYS[3], ARGV[1]) then return 0 end
local gone = 0
for _, child in ipairs(redis.call('SMEMBERS', dependencies)) do
  if redis.call('EXISTS', child) == 0 or redis.call('HEXISTS', child, 'finishedOn') == 1 then
    redis.call('SREM', dependencies, child)
    gone = gone + 1
  end
end
if gone > 0 and ARGV[2] ~= '' then redis.call('HSET', job, 'defa', ARGV[2]) end
if redis.call('SCARD', dependencies) > 0 then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[3] * 4294967296 + redis.call('INCR', KEYS[5]), ARGV[1])
redis.call('ZADD', KEYS[6], 0, '0')
return 1
`;

const PAGE_SIZE = 200;
const MAX_PAGES = 50;

/** The reason of a job that failed because a dependency is gone. */
export const DEPENDENCY_GONE = 'A job that it depends on is gone';

/** Unblocks jobs whose dependencies are gone; returns their number. */
export async function unblockOrphans(valkey: Redis, prefix = 'jobs'): Promise<number> {
  valkey.defineCommand('jobsUnblock', { numberOfKeys: 6, lua: unblockScript });
  const counts = await Promise.all(queueNames.map((name) => unblockIn(valkey, prefix, name)));
  return counts.reduce((total, count) => total + count, 0);
}

async function unblockIn(valkey: Redis, prefix: string, name: QueueName): Promise<number> {
  const key = (part: string) => `${prefix}:${name}:${part}`;
  let unblocked = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const first = page * PAGE_SIZE - unblocked;
    const ids = await valkey.zrange(key('waiting-children'), first, first + PAGE_SIZE - 1);
    for (const id of ids) {
      const data = JSON.parse((await valkey.hget(key(id), 'data')) ?? '{}');
      const reason = data.onFailure === 'ignore' ? '' : DEPENDENCY_GONE;
      const keys = [key(id), key(`${id}:dependencies`), key('waiting-children')];
      const others = [key('prioritized'), key('pc'), key('marker')];
      unblocked += await valkey.jobsUnblock(...keys, ...others, id, reason, UNASSIGNED_RANK);
    }
    if (ids.length < PAGE_SIZE) break;
  }
  return unblocked;
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsUnblock(...args: (string | number)[]): Result<number, Context>;
  }
}
