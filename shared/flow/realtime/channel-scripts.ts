import type { ClientContext, Result } from 'iovalkey';

/** There as long as nothing was lost since the logs were last refilled. */
export const FILLED_KEY = 'realtime:filled';

// A channel that is not known may be one that was lost, until the logs are refilled. Presence is
// in no outbox: it begins anew at once.
const refuseUnlessFilled = `
if not string.find(KEYS[1], '/presence-', 1, true) and redis.call('EXISTS', '${FILLED_KEY}') == 0 then
  return redis.error_reply('UNFILLED the channel logs were lost and are not refilled yet')
end`;

/**
 * KEYS meta log seen; ARGV topic room epoch-if-new length history-ms ttl-ms, then id, body pairs.
 * Replies epoch, then offset and 1 (known already) or 0 per pair.
 */
export const appendScript = `
local meta, log, seen = KEYS[1], KEYS[2], KEYS[3]
local topic, room, length = ARGV[1], ARGV[2], tonumber(ARGV[4])
local historyMs, ttlMs = tonumber(ARGV[5]), ARGV[6]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local state = redis.call('HMGET', meta, 'epoch', 'offset', 'run')
local epoch, last, skip = state[1], tonumber(state[2] or 0), 0
if not epoch then ${refuseUnlessFilled}
  epoch = ARGV[3]
  redis.call('DEL', log, seen)
elseif state[3] ~= run then
  -- A server that restarted may have lost its newest entries: their offsets must not come again,
  -- nor those that such a jump had led to before.
  skip = 1000000 + tonumber(string.sub(ARGV[3], 1, 7), 16)
end
local reply, appended = { epoch }, false
for i = 7, #ARGV, 2 do
  local known = redis.call('ZSCORE', seen, ARGV[i])
  if known then
    reply[#reply + 1], reply[#reply + 2] = string.format('%.0f', known), 1
  else
    local prev, offset = string.format('%.0f', last), string.format('%.0f', last + 1 + skip)
    last, skip, appended = last + 1 + skip, 0, true
    local at = string.format('%.0f', now)
    redis.call('XADD', log, 'MAXLEN', '=', length, offset .. '-0', 'prev', prev, 'at', at, 'event', ARGV[i + 1])
    redis.call('ZADD', seen, offset, ARGV[i])
    redis.call('PUBLISH', topic, room .. ' ' .. epoch .. ' ' .. prev .. ' ' .. offset .. ' ' .. ARGV[i + 1])
    reply[#reply + 1], reply[#reply + 2] = offset, 0
  end
end
if appended then
  redis.call('HSET', meta, 'epoch', epoch, 'offset', string.format('%.0f', last), 'run', run)
  redis.call('ZREMRANGEBYRANK', seen, 0, -length - 1)
  local head = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
  while tonumber(head[1][2][4]) < now - historyMs do
    redis.call('XDEL', log, head[1][1])
    head = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
  end
  redis.call('PEXPIRE', meta, ttlMs)
  redis.call('PEXPIRE', seen, ttlMs)
  redis.call('PEXPIRE', log, historyMs)
end
return reply
`;

/**
 * KEYS meta log; ARGV epoch-if-new ttl-ms max-events max-bytes, then '' or epoch and offset.
 * Replies epoch, head, recovered, more, then prev, offset, body triples. Recovered means that every
 * entry after the position is still there: the first one must name the position as its predecessor.
 */
export const readScript = `
local meta, log, ttlMs = KEYS[1], KEYS[2], tonumber(ARGV[2])
local maxEvents, maxBytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local state = redis.call('HMGET', meta, 'epoch', 'offset')
local epoch, head = state[1], state[2]
if not epoch then ${refuseUnlessFilled}
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  redis.call('HSET', meta, 'epoch', ARGV[1], 'offset', '0', 'run', run)
  redis.call('PEXPIRE', meta, ttlMs)
  return { ARGV[1], '0', 0, 0 }
end
if redis.call('PTTL', meta) < ttlMs / 2 then redis.call('PEXPIRE', meta, ttlMs) end
local cursor = ARGV[6]
if ARGV[5] ~= epoch or tonumber(cursor) > tonumber(head) then return { epoch, head, 0, 0 } end
local reply, bytes = { epoch, head, 1, 0 }, 0
while cursor ~= head do
  local entries = redis.call('XRANGE', log, '(' .. cursor .. '-0', '+', 'COUNT', 50)
  if #entries == 0 then return { epoch, head, 0, 0 } end
  for _, entry in ipairs(entries) do
    local prev, body = entry[2][2], entry[2][6]
    if prev ~= cursor then return { epoch, head, 0, 0 } end
    cursor, bytes = string.match(entry[1], '^%d+'), bytes + #body
    if #reply > 4 and (bytes > maxBytes or #reply >= 4 + 3 * maxEvents) then
      reply[4] = 1
      return reply
    end
    reply[#reply + 1], reply[#reply + 2], reply[#reply + 3] = prev, cursor, body
  end
end
return reply
`;

/**
 * KEYS meta log seen; ARGV epoch history-ms ttl-ms, then offset, predecessor, id, at-ms, body of
 * each entry in order. Leaves a channel that is known alone. The run stays empty, so that the next
 * append jumps: what came after these entries may be lost.
 */
export const refillScript = `
local meta, log, seen, last = KEYS[1], KEYS[2], KEYS[3], nil
if redis.call('EXISTS', meta) == 1 then return 0 end
redis.call('DEL', log, seen)
for i = 4, #ARGV, 5 do
  last = ARGV[i]
  redis.call('XADD', log, last .. '-0', 'prev', ARGV[i + 1], 'at', ARGV[i + 3], 'event', ARGV[i + 4])
  redis.call('ZADD', seen, last, ARGV[i + 2])
end
redis.call('HSET', meta, 'epoch', ARGV[1], 'offset', last, 'run', '')
redis.call('PEXPIRE', meta, ARGV[3])
redis.call('PEXPIRE', seen, ARGV[3])
redis.call('PEXPIRE', log, ARGV[2])
return 1
`;

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    channelAppend(...args: (string | number)[]): Result<unknown[], Context>;
    channelRead(...args: (string | number)[]): Result<unknown[], Context>;
    channelRefill(...args: (string | number)[]): Result<number, Context>;
  }
}
