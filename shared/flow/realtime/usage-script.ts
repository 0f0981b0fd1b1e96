/** What an entry takes in Valkey besides its body: its fields, and its id among the known ones. */
export const ENTRY_OVERHEAD_BYTES = 256;

/** What a channel takes in Valkey besides its entries. */
export const CHANNEL_OVERHEAD_BYTES = 768;

const MAX_DELETED = 2_000;

/** Ids that stay known without their entries, so that a repeated batch is still recognized. */
const MIN_KNOWN_IDS = 400;

/** Added to the score of channels without entries: they sort after all others. */
const EMPTY_SCORE = 10_000_000_000_000;

/** The bytes of each organization's logs; the empty name has the total. */
export const LOG_BYTES_KEY = 'realtime:usage';
/** The organizations by their bytes in relation to their limits. */
export const LOG_SHARES_KEY = 'realtime:usage:shares';
/** When the newest entry of each organization expires. */
export const LOG_EXPIRY_KEY = 'realtime:usage:expiry';
/** The prefix of the channels of one organization. */
export const LOG_CHANNELS_PREFIX = 'realtime:usage:';

/**
 * The bytes of an organization's logs are accounted in one sorted set: each room with the time of its
 * oldest entry, and the total as the score of the empty name, which sorts first because the bytes are
 * always fewer than the milliseconds since 1970. Every entry stores the bytes appended `before` it in
 * its room, so the bytes of a log are one subtraction, however entries were deleted.
 *
 * Lua that uses `room`, `now`, `historyMs` and `ttlMs`. Defines `trim(log, appended, max)`,
 * `recordUsage(tenant, room, previous, bytes, oldestAt)` and `enforceLimits(tenant, limit, total)`:
 * an organization above its limit loses its own oldest entries; above the total, the organization
 * that uses most of its limit does. A limited number is deleted at once, the rest by later appends.
 */
export const usageFunctions = `
local deletable = ${MAX_DELETED}
local function int(value) return string.format('%.0f', value) end
local function usageOf(tenant) return '${LOG_CHANNELS_PREFIX}' .. tenant end
local function trim(log, appended, max)
  while true do
    local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    if not oldest then return 0 end
    local bytes, at = appended - tonumber(oldest[2][8] or 0), oldest[2][4]
    if (tonumber(at) >= now - historyMs and bytes <= max) or deletable <= 0 then return bytes, at end
    redis.call('XDEL', log, oldest[1])
    deletable = deletable - 1
  end
end
local function recordUsage(tenant, name, previous, bytes, oldestAt)
  local score = oldestAt or int(now + ${EMPTY_SCORE})
  if redis.call('ZADD', usageOf(tenant), score, name) == 1 then
    previous = -${CHANNEL_OVERHEAD_BYTES}
  end
  return tonumber(redis.call('ZINCRBY', usageOf(tenant), int(bytes - previous), ''))
end
local function deleteOldest(tenant, name, excess)
  local key = 'realtime:{' .. name .. '}'
  local counters = redis.call('HMGET', key, 'appended', 'bytes')
  local previous, bytes, at = tonumber(counters[2] or 0), 0, nil
  if previous <= excess then redis.call('UNLINK', key .. ':log')
  else bytes, at = trim(key .. ':log', tonumber(counters[1] or 0), previous - math.max(0, excess)) end
  if bytes == 0 then redis.call('ZREMRANGEBYRANK', key .. ':seen', 0, -${MIN_KNOWN_IDS + 1}) end
  if counters[1] then redis.call('HSET', key, 'bytes', int(bytes)) end
  return recordUsage(tenant, name, previous, bytes, at)
end
local function deleteEmpty(tenant, name)
  local key = 'realtime:{' .. name .. '}'
  redis.call('UNLINK', key, key .. ':seen', key .. ':log')
  redis.call('ZREM', usageOf(tenant), name)
  return tonumber(redis.call('ZINCRBY', usageOf(tenant), -${CHANNEL_OVERHEAD_BYTES}, ''))
end
-- Deletes expired entries, then the oldest entries; channels without entries keep their epochs while
-- they take less than a quarter of the limit. Returns the bytes left.
local function reduce(tenant, limit)
  local usage = usageOf(tenant)
  local total = tonumber(redis.call('ZSCORE', usage, '') or 0)
  local expired = redis.call('ZREMRANGEBYSCORE', usage, ${EMPTY_SCORE}, int(${EMPTY_SCORE} + now - ttlMs))
  if expired > 0 then
    total = tonumber(redis.call('ZINCRBY', usage, -expired * ${CHANNEL_OVERHEAD_BYTES}, ''))
  end
  while deletable > 0 do
    deletable = deletable - 1
    local oldest = redis.call('ZRANGE', usage, 1, 1, 'WITHSCORES')
    local empty = total > limit
      and redis.call('ZCOUNT', usage, ${EMPTY_SCORE}, '+inf') * ${CHANNEL_OVERHEAD_BYTES} > limit / 4
      and redis.call('ZRANGEBYSCORE', usage, ${EMPTY_SCORE}, '+inf', 'LIMIT', 0, 1)[1]
    if not oldest[1] then
      redis.call('DEL', usage)
      return 0
    elseif tonumber(oldest[2]) < now - historyMs then
      total = deleteOldest(tenant, oldest[1], total - limit)
    elseif empty and empty ~= room then
      total = deleteEmpty(tenant, empty)
    elseif total > limit and tonumber(oldest[2]) < ${EMPTY_SCORE} then
      total = deleteOldest(tenant, oldest[1], total - limit)
    else break end
  end
  redis.call('PEXPIRE', usage, ttlMs)
  return total
end
-- Without a limit the share is scaled: its limit is not known here. Returns the total.
local function account(tenant, bytes, limit)
  local before = tonumber(redis.call('HGET', '${LOG_BYTES_KEY}', tenant) or 0)
  if bytes <= 0 then
    redis.call('HDEL', '${LOG_BYTES_KEY}', tenant)
    redis.call('ZREM', '${LOG_SHARES_KEY}', tenant)
    redis.call('ZREM', '${LOG_EXPIRY_KEY}', tenant)
  else
    redis.call('HSET', '${LOG_BYTES_KEY}', tenant, int(bytes))
    local share = limit and bytes / limit
      or tonumber(redis.call('ZSCORE', '${LOG_SHARES_KEY}', tenant) or 0) * bytes / math.max(1, before)
    redis.call('ZADD', '${LOG_SHARES_KEY}', string.format('%.9f', share), tenant)
  end
  return tonumber(redis.call('HINCRBY', '${LOG_BYTES_KEY}', '', int(math.max(0, bytes) - before)))
end
local function enforceLimits(tenant, limit, totalLimit)
  limit = math.min(limit, totalLimit)
  local total = account(tenant, reduce(tenant, limit), limit)
  redis.call('ZADD', '${LOG_EXPIRY_KEY}', int(now + historyMs), tenant)
  local quiet = redis.call('ZRANGEBYSCORE', '${LOG_EXPIRY_KEY}', '-inf', int(now), 'LIMIT', 0, 1)[1]
  if quiet then
    total = account(quiet, reduce(quiet, math.huge))
    if deletable > 0 then redis.call('ZADD', '${LOG_EXPIRY_KEY}', 'XX', int(now + historyMs), quiet) end
  end
  while total > totalLimit and deletable > 0 do
    deletable = deletable - 1
    local largest = redis.call('ZREVRANGE', '${LOG_SHARES_KEY}', 0, 0)[1]
    if not largest then return end
    -- At most half at once: another one may be the largest then.
    local bytes = tonumber(redis.call('HGET', '${LOG_BYTES_KEY}', largest) or 0)
    total = account(largest, reduce(largest, math.max(bytes - total + totalLimit, bytes / 2)))
  end
end`;
