/** What an entry takes in Valkey besides its body: its fields, and its id among the known ones. */
export const ENTRY_OVERHEAD_BYTES = 256;

const MAX_DELETED_ENTRIES = 2_000;

/**
 * The bytes of an organization's logs are accounted in one sorted set: each room with the time of
 * its oldest entry, and the total as the score of the empty name, which sorts first because the
 * bytes are always fewer than the milliseconds since 1970. Every entry stores the bytes appended
 * `before` it in its room, so the bytes of a log are one subtraction, however entries were deleted.
 *
 * Lua that uses `usage`, `now`, `historyMs`, `ttlMs` and `budget`. Defines `trim(log, appended, max)`,
 * `recordUsage(room, previous, bytes, oldestAt)` and `enforceBudget(total)`, which deletes the oldest
 * entries of this organization only, a limited number at once.
 */
export const usageFunctions = `
local deletable = ${MAX_DELETED_ENTRIES}
local function trim(log, appended, max)
  while true do
    local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    if not oldest then return 0 end
    local bytes, at = appended - tonumber(oldest[2][8] or 0), oldest[2][4]
    if (tonumber(at) >= now - historyMs and bytes <= max) or deletable == 0 then return bytes, at end
    redis.call('XDEL', log, oldest[1])
    deletable = deletable - 1
  end
end
local function recordUsage(room, previous, bytes, oldestAt)
  if oldestAt then
    if redis.call('ZADD', usage, oldestAt, room) == 1 then previous = 0 end
  elseif redis.call('ZREM', usage, room) == 0 then previous = 0 end
  return tonumber(redis.call('ZINCRBY', usage, string.format('%.0f', bytes - previous), ''))
end
local function enforceBudget(total)
  redis.call('PEXPIRE', usage, ttlMs)
  while deletable > 0 do
    local oldest = redis.call('ZRANGE', usage, 1, 1, 'WITHSCORES')
    if not oldest[1] then return redis.call('DEL', usage) end
    if (total <= budget and tonumber(oldest[2]) >= now - historyMs) then return end
    local key = 'realtime:{' .. oldest[1] .. '}'
    local counters = redis.call('HMGET', key, 'appended', 'bytes')
    local previous = tonumber(counters[2] or 0)
    local max = previous - math.max(0, total - budget)
    local bytes, at = trim(key .. ':log', tonumber(counters[1] or 0), max)
    if counters[1] then redis.call('HSET', key, 'bytes', string.format('%.0f', bytes)) end
    total, deletable = recordUsage(oldest[1], previous, bytes, at), deletable - 1
  end
end`;
