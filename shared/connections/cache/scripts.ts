import type { ClientContext, Redis, Result } from 'iovalkey';

/** A value's lock beside it, and its entry in the lists of its tags. */
const common = `
local function lockOf(key) return 'cache-lock:' .. string.sub(key, 7) end
local function tag(from, key, ms)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  for i = from, #KEYS do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
    redis.call('ZADD', KEYS[i], 'GT', now + ms, key)
    if redis.call('PTTL', KEYS[i]) < ms then redis.call('PEXPIRE', KEYS[i], ms) end
  end
end
`;

/** KEYS values; ARGV grace-ms. Replies value and ms of freshness left, for each. */
const read = `
local found = {}
for i, key in ipairs(KEYS) do
  found[i * 2 - 1] = redis.call('GET', key)
  found[i * 2] = redis.call('PTTL', key) - ARGV[1]
end
return found
`;

/** KEYS value, tags; ARGV grace-ms, token, lock-ms. Replies value, ms left, 1 if we shall load. */
const look = `${common}
local value = redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1]) - ARGV[1]
if value and left > 0 then return {value, left, 0} end
if not redis.call('SET', lockOf(KEYS[1]), ARGV[2], 'NX', 'PX', ARGV[3]) then return {value, left, 0} end
tag(2, KEYS[1], tonumber(ARGV[3]))
return {value, left, 1}
`;

/** KEYS value, tags; ARGV grace-ms, token, ttl-ms, text. Stores while the lock is ours; 1 if so. */
const fill = `${common}
if redis.call('GET', lockOf(KEYS[1])) ~= ARGV[2] then return 0 end
redis.call('DEL', lockOf(KEYS[1]))
local ttl, grace = tonumber(ARGV[3]), tonumber(ARGV[1])
if ttl <= 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[4], 'PX', ttl + grace)
tag(2, KEYS[1], ttl + grace)
return 1
`;

/** KEYS values, tags; ARGV grace-ms, ttl-ms, count, channel, message, texts. */
const store = `${common}
local ttl, count = tonumber(ARGV[1]) + ARGV[2], tonumber(ARGV[3])
for i = 1, count do
  redis.call('SET', KEYS[i], ARGV[5 + i], 'PX', ttl)
  redis.call('DEL', lockOf(KEYS[i]))
  tag(count + 1, KEYS[i], ttl)
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
`;

/** KEYS tags; ARGV channel, values. Replies what was dropped; loads of it lose their locks. */
const drop = `${common}
local dropped = {}
local function dropAll(keys)
  if #keys == 0 then return end
  for _, key in ipairs(keys) do
    redis.call('DEL', key, lockOf(key))
    dropped[#dropped + 1] = key
  end
  redis.call('PUBLISH', ARGV[1], cjson.encode({ keys = keys }))
end
dropAll({ unpack(ARGV, 2) })
for _, tagged in ipairs(KEYS) do
  while redis.call('EXISTS', tagged) == 1 do
    local keys = redis.call('ZRANGE', tagged, 0, 999)
    dropAll(keys)
    redis.call('ZREM', tagged, unpack(keys))
  end
end
return dropped
`;

/** Teaches a connection the cache's scripts. */
export function defineCacheCommands(valkey: Redis): void {
  const scripts = { cacheRead: read, cacheLook: look, cacheFill: fill };
  const all = { ...scripts, cacheStore: store, cacheDrop: drop };
  for (const [name, lua] of Object.entries(all)) valkey.defineCommand(name, { lua });
}

type Args = [keyCount: number, ...args: (string | number)[]];

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    cacheRead(...args: Args): Result<(string | number | null)[], Context>;
    cacheLook(...args: Args): Result<[string | null, number, number], Context>;
    cacheFill(...args: Args): Result<number, Context>;
    cacheStore(...args: Args): Result<null, Context>;
    cacheDrop(...args: Args): Result<string[], Context>;
  }
}
