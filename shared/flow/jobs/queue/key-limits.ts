import type { ClientContext, Redis, Result } from 'iovalkey';
import type { JobLimit } from '../definition/define-job.ts';

/** KEYS running starts; ARGV id, concurrent, max, window-ms, lease-ms. Replies ms to wait, 0 when acquired. */
const acquireScript = `
local running, starts, id = KEYS[1], KEYS[2], ARGV[1]
local concurrent, max, windowMs, leaseMs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', running, '-inf', now)
redis.call('ZREMRANGEBYSCORE', starts, '-inf', now - windowMs)
if not redis.call('ZSCORE', running, id) and redis.call('ZCARD', running) >= concurrent then
  return 250
end
if redis.call('ZCARD', starts) >= max then
  return redis.call('ZRANGE', starts, 0, 0, 'WITHSCORES')[2] + windowMs - now + 1
end
redis.call('ZADD', running, now + leaseMs, id)
redis.call('PEXPIRE', running, leaseMs)
redis.call('ZADD', starts, now, id .. '~' .. time[1] .. '.' .. time[2])
redis.call('PEXPIRE', starts, windowMs)
return 0
`;

/** Limits jobs of one key over all workers. */
export interface KeyLimits {
  /** Acquires a slot and returns 0, or returns the milliseconds to wait before the next try. */
  acquire(key: string, id: string, limit: JobLimit<never>, leaseMs: number): Promise<number>;
  release(key: string, id: string): Promise<void>;
}

const UNLIMITED = 2 ** 31;

/** Builds the limits; the slots of a killed worker's jobs are free after their lease. */
export function createKeyLimits(valkey: Redis, prefix: string): KeyLimits {
  valkey.defineCommand('jobsAcquireKey', { numberOfKeys: 2, lua: acquireScript });
  const runningOf = (key: string) => `${prefix}:limit:{${key}}`;
  return {
    acquire(key, id, { concurrent = UNLIMITED, rate }, leaseMs) {
      const { max = UNLIMITED, windowMs = 1 } = rate ?? {};
      const running = runningOf(key);
      return valkey.jobsAcquireKey(
        running,
        `${running}:starts`,
        id,
        concurrent,
        max,
        windowMs,
        leaseMs,
      );
    },
    async release(key, id) {
      await valkey.zrem(runningOf(key), id);
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsAcquireKey(...args: (string | number)[]): Result<number, Context>;
  }
}
