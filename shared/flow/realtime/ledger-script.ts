/** What an entry takes in Valkey beside its body: its place, its id among the known ones. */
export const ENTRY_OVERHEAD_BYTES = 256;

const MOST_REMOVED = 2_000;

/**
 * What an organisation's logs hold, in one sorted set: each room by the time of its oldest entry,
 * and the sum of all as the score of the empty name, which sorts first because there were never as
 * many bytes as there are milliseconds since 1970. Every entry names the bytes that came `before` it
 * in its room, so that what a log holds is one subtraction, however entries went.
 *
 * Lua that wants `ledger`, `now`, `historyMs`, `ttlMs` and `budget`; offers `trim(log, sum, most)`,
 * `account(room, was, held, at)` and `balance(total)`, which lets the organisation's oldest entries
 * go, never another's, and bounds what it removes at once.
 */
export const ledgerFunctions = `
local left = ${MOST_REMOVED}
local function trim(log, sum, most)
  while true do
    local head = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    if not head then return 0 end
    local held, at = sum - tonumber(head[2][8] or 0), head[2][4]
    if (tonumber(at) >= now - historyMs and held <= most) or left == 0 then return held, at end
    redis.call('XDEL', log, head[1])
    left = left - 1
  end
end
local function account(room, was, held, at)
  if at then
    if redis.call('ZADD', ledger, at, room) == 1 then was = 0 end
  elseif redis.call('ZREM', ledger, room) == 0 then was = 0 end
  return tonumber(redis.call('ZINCRBY', ledger, string.format('%.0f', held - was), ''))
end
local function balance(total)
  redis.call('PEXPIRE', ledger, ttlMs)
  while left > 0 do
    local oldest = redis.call('ZRANGE', ledger, 1, 1, 'WITHSCORES')
    if not oldest[1] then return redis.call('DEL', ledger) end
    if (total <= budget and tonumber(oldest[2]) >= now - historyMs) then return end
    local key = 'realtime:{' .. oldest[1] .. '}'
    local of = redis.call('HMGET', key, 'sum', 'held')
    local was = tonumber(of[2] or 0)
    local held, at = trim(key .. ':log', tonumber(of[1] or 0), was - math.max(0, total - budget))
    if of[1] then redis.call('HSET', key, 'held', string.format('%.0f', held)) end
    total, left = account(oldest[1], was, held, at), left - 1
  end
end`;
