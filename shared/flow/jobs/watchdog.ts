import type { ClientContext, Redis, Result } from 'iovalkey';
import { type QueueName, queueNames } from './define-job.ts';
import { FRESH_RANK } from './priority.ts';

/**
 * Takes what is gone or has ended off the list a blocked job waits for; the last one releases it,
 * to fail with a reason where its policy does not say `ignore`. Layout: BullMQ 6, moveToFinished.
 *
 * KEYS job, job:dependencies, waiting-children, prioritized, pc, marker; ARGV id, reason, rank.
 */
const releaseScript = `
local job, waits = KEYS[1], KEYS[2]
if not redis.call('ZSCORE', KEYS[3], ARGV[1]) then return 0 end
local gone = 0
for _, child in ipairs(redis.call('SMEMBERS', waits)) do
  if redis.call('EXISTS', child) == 0 or redis.call('HEXISTS', child, 'finishedOn') == 1 then
    redis.call('SREM', waits, child)
    gone = gone + 1
  end
end
if gone > 0 and ARGV[2] ~= '' then redis.call('HSET', job, 'defa', ARGV[2]) end
if redis.call('SCARD', waits) > 0 then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[3] * 4294967296 + redis.call('INCR', KEYS[5]), ARGV[1])
redis.call('ZADD', KEYS[6], 0, '0')
return 1
`;

const PAGE = 200;
const MAX_PAGES = 50;

/** Releases blocked jobs that wait for what will never come; gives their number. */
export async function releaseStuck(valkey: Redis, prefix = 'jobs'): Promise<number> {
  valkey.defineCommand('jobsRelease', { numberOfKeys: 6, lua: releaseScript });
  const counts = await Promise.all(queueNames.map((name) => releaseIn(valkey, prefix, name)));
  return counts.reduce((all, one) => all + one, 0);
}

async function releaseIn(valkey: Redis, prefix: string, name: QueueName): Promise<number> {
  const key = (part: string) => `${prefix}:${name}:${part}`;
  let released = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const first = page * PAGE - released;
    const ids = await valkey.zrange(key('waiting-children'), first, first + PAGE - 1);
    for (const id of ids) {
      const data = JSON.parse((await valkey.hget(key(id), 'data')) ?? '{}');
      const reason = data.onFailure === 'ignore' ? '' : 'A job that it waits for is gone';
      const keys = [key(id), key(`${id}:dependencies`), key('waiting-children')];
      const others = [key('prioritized'), key('pc'), key('marker')];
      released += await valkey.jobsRelease(...keys, ...others, id, reason, FRESH_RANK);
    }
    if (ids.length < PAGE) break;
  }
  return released;
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsRelease(...args: (string | number)[]): Result<number, Context>;
  }
}
