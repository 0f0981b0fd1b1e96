import type { ClientContext, Result } from 'iovalkey';
import { ENTRY_OVERHEAD_BYTES, usageFunctions } from './usage-script.ts';

/** The run of the server on which the logs are complete; missing or another run when some may be lost. */
export const RESTORED_KEY = 'realtime:restored';

// An unknown channel may be one that was lost, until the logs are rebuilt. Presence is not in the
// outbox: its channels start over at once.
const requireRestored = `
if not string.find(KEYS[1], '/presence-', 1, true) and redis.call('EXISTS', '${RESTORED_KEY}') == 0 then
  return redis.error_reply('NOTRESTORED the channel logs were lost and are not rebuilt yet')
end`;

const currentRun = `string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''`;

// A server that restarted may have lost its newest entries, which are restored.
const requireComplete = `
if not string.find(KEYS[1], '/presence-', 1, true)
  and redis.call('GET', '${RESTORED_KEY}') ~= (${currentRun}) then
  return redis.error_reply('NOTRESTORED the server restarted and the channel logs are not rebuilt yet')
end`;

/** KEYS restored. Replies the run of the server, and 1 when its logs are complete. */
export const restoredScript = `
local run = ${currentRun}
return { run, redis.call('GET', KEYS[1]) == run and 1 or 0 }
`;

/**
 * KEYS of `keysOf`; ARGV topic room epoch-if-new length history-ms ttl-ms entry-bytes room-bytes
 * organization-bytes total-bytes, then id, body pairs. Replies epoch, then offset and 1 (duplicate) or 0 per pair. An
 * entry above the limit is published but not stored, which readers see as a gap.
 */
export const appendScript = `
local meta, log, seen = KEYS[1], KEYS[2], KEYS[3]
local topic, room, length = ARGV[1], ARGV[2], tonumber(ARGV[4])
local historyMs, ttlMs = tonumber(ARGV[5]), tonumber(ARGV[6])
local entryBytes, roomBytes = tonumber(ARGV[7]), tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = ${currentRun}
local state = redis.call('HMGET', meta, 'epoch', 'offset', 'run', 'appended', 'bytes')
local epoch, last, skip = state[1], tonumber(state[2] or 0), 0
local appended, previous = tonumber(state[4] or 0), tonumber(state[5] or 0)
if not epoch then ${requireRestored}
  epoch = ARGV[3]
  -- A write lets a script continue in a full Valkey: nothing is deleted without need.
  if redis.call('EXISTS', log, seen) > 0 then redis.call('DEL', log, seen) end
elseif state[3] ~= run then
  -- A server that restarted may have lost its newest entries. They are restored first: clients
  -- before them would otherwise skip them.
  ${requireComplete}
  -- The offsets of entries that could not be restored must not be used again, nor those that an
  -- earlier jump led to.
  skip = 1000000 + tonumber(string.sub(ARGV[3], 1, 7), 16)
end
local reply, hasAppended = { epoch }, false
for i = 11, #ARGV, 2 do
  local known = redis.call('ZSCORE', seen, ARGV[i])
  if known then
    reply[#reply + 1], reply[#reply + 2] = string.format('%.0f', known), 1
  else
    local prev, offset = string.format('%.0f', last), string.format('%.0f', last + 1 + skip)
    last, skip, hasAppended = last + 1 + skip, 0, true
    local at, size = string.format('%.0f', now), #ARGV[i + 1] + ${ENTRY_OVERHEAD_BYTES}
    if size <= entryBytes then
      redis.call('XADD', log, 'MAXLEN', '=', length, offset .. '-0', 'prev', prev, 'at', at,
        'event', ARGV[i + 1], 'before', string.format('%.0f', appended))
      appended = appended + size
    end
    redis.call('ZADD', seen, offset, ARGV[i])
    redis.call('PUBLISH', topic, room .. ' ' .. epoch .. ' ' .. prev .. ' ' .. offset .. ' ' .. ARGV[i + 1])
    reply[#reply + 1], reply[#reply + 2] = offset, 0
  end
end
if hasAppended then ${usageFunctions}
  local bytes, at = trim(log, appended, roomBytes)
  redis.call('HSET', meta, 'epoch', epoch, 'offset', string.format('%.0f', last), 'run', run,
    'appended', string.format('%.0f', appended), 'bytes', string.format('%.0f', bytes))
  redis.call('ZREMRANGEBYRANK', seen, 0, -length - 1)
  redis.call('PEXPIRE', meta, ttlMs)
  redis.call('PEXPIRE', seen, ttlMs)
  redis.call('PEXPIRE', log, historyMs)
  local tenant = string.match(room, '^[^/]+')
  recordUsage(tenant, room, previous, bytes, at)
  enforceLimits(tenant, tonumber(ARGV[9]), tonumber(ARGV[10]))
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
if not epoch then ${requireRestored}
  local run = ${currentRun}
  redis.call('HSET', meta, 'epoch', ARGV[1], 'offset', '0', 'run', run)
  redis.call('PEXPIRE', meta, ttlMs)
  return { ARGV[1], '0', 0, 0 }
end
if redis.call('PTTL', meta) < ttlMs / 2 then redis.call('PEXPIRE', meta, ttlMs) end
local cursor = ARGV[6]
if ARGV[5] ~= epoch then return { epoch, head, 0, 0 } end
if tonumber(cursor) > tonumber(head) then ${requireComplete}
  return { epoch, head, 0, 0 }
end
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
 * KEYS of `keysOf`; ARGV room epoch history-ms ttl-ms organization-bytes total-bytes, the channel's
 * last offset and the topic, then offset, predecessor, id, at-ms, body of each entry, in order. For a known channel it
 * restores and publishes the entries after its newest one, unless the channel has started over or
 * was appended to since the server restarted. The run stays empty, so that the next append jumps:
 * later entries may be lost.
 */
export const rebuildScript = `
local meta, log, seen = KEYS[1], KEYS[2], KEYS[3]
local room, epoch, historyMs, ttlMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local last, topic = tonumber(ARGV[7]), ARGV[8]
local run = ${currentRun}
local state = redis.call('HMGET', meta, 'epoch', 'offset', 'run', 'appended', 'bytes')
local head, appended = tonumber(state[2] or 0), tonumber(state[4] or 0)
local previous = tonumber(state[5] or 0)
if not state[1] then
  redis.call('DEL', log, seen)
elseif state[1] ~= epoch or state[3] == run or head >= last then
  return 0
end
local bytes = previous
for i = 9, #ARGV, 5 do
  local offset, prev, body = ARGV[i], ARGV[i + 1], ARGV[i + 4]
  if tonumber(offset) > head then
    redis.call('XADD', log, offset .. '-0', 'prev', prev, 'at', ARGV[i + 3],
      'event', body, 'before', string.format('%.0f', appended))
    local size = #body + ${ENTRY_OVERHEAD_BYTES}
    appended, bytes = appended + size, bytes + size
    redis.call('ZADD', seen, offset, ARGV[i + 2])
    if state[1] then
      redis.call('PUBLISH', topic, room .. ' ' .. epoch .. ' ' .. prev .. ' ' .. offset .. ' ' .. body)
    end
  end
end
redis.call('HSET', meta, 'epoch', epoch, 'offset', string.format('%.0f', last), 'run', '',
  'appended', string.format('%.0f', appended), 'bytes', string.format('%.0f', bytes))
redis.call('PEXPIRE', meta, ttlMs)
redis.call('PEXPIRE', seen, ttlMs)
redis.call('PEXPIRE', log, historyMs)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
${usageFunctions}
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local tenant = string.match(room, '^[^/]+')
recordUsage(tenant, room, previous, bytes, oldest and oldest[2][4])
enforceLimits(tenant, tonumber(ARGV[5]), tonumber(ARGV[6]))
return 1
`;

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    channelAppend(...args: (string | number)[]): Result<unknown[], Context>;
    channelRead(...args: (string | number)[]): Result<unknown[], Context>;
    channelRestored(key: string): Result<[run: string, isComplete: number], Context>;
    channelRebuild(...args: (string | number)[]): Result<number, Context>;
  }
}
