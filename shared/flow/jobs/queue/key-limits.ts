import type { ClientContext, Redis, Result } from 'iovalkey';
import type { JobLimit } from '../definition/define-job.ts';

/** How long a job waits for another one to end before it tries again by itself: only if a worker was killed. */
const WAIT_MS = 20_000;
/** Many waiting jobs must not keep the workers busy with tries. */
const WAIT_PER_JOB_MS = 20;

/** KEYS running starts waiting; ARGV id, concurrent, max, window-ms, lease-ms. Replies ms to wait, 0 when acquired. */
const acquireScript = `
local running, starts, waiting, id = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local concurrent, max, windowMs, leaseMs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', running, '-inf', now)
redis.call('ZREMRANGEBYSCORE', starts, '-inf', now - windowMs)
if not redis.call('ZSCORE', running, id) and redis.call('ZCARD', running) >= concurrent then
  redis.call('ZADD', waiting, 'NX', now, id)
  redis.call('PEXPIRE', waiting, ${24 * 60 * 60 * 1_000})
  return ${WAIT_MS} + redis.call('ZCARD', waiting) * ${WAIT_PER_JOB_MS}
end
if redis.call('ZCARD', starts) >= max then
  return redis.call('ZRANGE', starts, 0, 0, 'WITHSCORES')[2] + windowMs - now + 1
end
redis.call('ZREM', waiting, id)
redis.call('ZADD', running, now + leaseMs, id)
redis.call('PEXPIRE', running, leaseMs)
redis.call('ZADD', starts, now, id .. '~' .. time[1] .. '.' .. time[2])
redis.call('PEXPIRE', starts, windowMs)
return 0
`;

/** KEYS running waiting; ARGV id. Replies the id of the job that has waited longest, and forgets it. */
const releaseScript = `
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('ZPOPMIN', KEYS[2])[1]
`;

/** Limits jobs of one key over all workers. */
export interface KeyLimits {
  /** Acquires a slot and returns 0, or returns the milliseconds to wait before the next try. */
  acquire(
    key: string,
    id: string,
    limit: Pick<JobLimit<never>, 'concurrent' | 'rate'>,
    leaseMs: number,
  ): Promise<number>;
  /** Returns the id of a job that waits for the slot; it is to be promoted. */
  release(key: string, id: string): Promise<string | undefined>;
}

const UNLIMITED = 2 ** 31;

/** Builds the limits; the slots of a killed worker's jobs are free after their lease. */
export function createKeyLimits(valkey: Redis, prefix: string): KeyLimits {
  valkey.defineCommand('jobsAcquireKey', { numberOfKeys: 3, lua: acquireScript });
  valkey.defineCommand('jobsReleaseKey', { numberOfKeys: 2, lua: releaseScript });
  const runningOf = (key: string) => `${prefix}:limit:{${key}}`;
  return {
    acquire(key, id, { concurrent = UNLIMITED, rate }, leaseMs) {
      const { max = UNLIMITED, windowMs = 1 } = rate ?? {};
      const running = runningOf(key);
      const keys = [running, `${running}:starts`, `${running}:waiting`];
      return valkey.jobsAcquireKey(...keys, id, concurrent, max, windowMs, leaseMs);
    },
    async release(key, id) {
      const running = runningOf(key);
      return (await valkey.jobsReleaseKey(running, `${running}:waiting`, id)) ?? undefined;
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsAcquireKey(...args: (string | number)[]): Result<number, Context>;
    jobsReleaseKey(...args: string[]): Result<string | null, Context>;
  }
}
