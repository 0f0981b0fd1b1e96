import type { ClientContext, Result } from 'iovalkey';
import { appendScript } from './channel-scripts.ts';

/**
 * Changes the members of a presence channel and appends the changes to its log atomically: each
 * change is published exactly once, whichever replica causes it and whenever one is killed.
 *
 * KEYS the log's three, leases, states, published, index; ARGV the append script's ten, then
 * operation, lease-ms, grace-ms, at, number of ids, the ids, and pairs of member and state. A member
 * is `user|socket`, a state `open|set-at-ms|last-seen|fields`; `published` has the fields of each
 * user that were published last.
 */
export const presenceScript = `
local function append(KEYS, ARGV) ${appendScript} end
local leases, states, published, index = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local room, op, leaseMs, graceMs = ARGV[2], ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])
local at, count = ARGV[14], tonumber(ARGV[15])
local channel = string.sub(room, string.find(room, '/', 1, true) + 1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lastSeen, changed = {}, {}
local function touch(member, seen)
  local user = string.match(member, '^[^|]+')
  if not lastSeen[user] then changed[#changed + 1] = user end
  if not lastSeen[user] or lastSeen[user] < seen then lastSeen[user] = seen end
end
local function lease(member, ms)
  return redis.call('ZADD', leases, string.format('%.0f', now + ms), member)
end
local function remove(member)
  local state = redis.call('HGET', states, member)
  redis.call('ZREM', leases, member)
  redis.call('HDEL', states, member)
  if state then touch(member, string.match(state, '^%d|%d+|([^|]*)|')) end
end
if op == 'expire' then
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, count)) do
    remove(member)
  end
end
for i = 16 + count, #ARGV, 2 do
  local member, state = ARGV[i], ARGV[i + 1]
  if op == 'leave' then
    remove(member)
  elseif op == 'disconnect' then
    if redis.call('HEXISTS', states, member) == 1 then
      redis.call('HSET', states, member, state)
      lease(member, graceMs)
    end
  else
    redis.call('HSET', states, member, state)
    if lease(member, leaseMs) == 1 or op == 'set' then touch(member, at) end
  end
end
local present, users = {}, {}
local all = (#changed > 0 or op == 'list') and redis.call('HGETALL', states) or {}
for i = 1, #all, 2 do
  local member, user = all[i], string.match(all[i], '^[^|]+')
  if lastSeen[user] or op == 'list' then
    local open, setAt, _, fields = string.match(all[i + 1], '^(%d)|(%d+)|([^|]*)|(.*)$')
    local state = present[user]
    if not state then
      state = { connections = 0, setAt = -1, member = '' }
      present[user], users[#users + 1] = state, user
    end
    state.connections = state.connections + tonumber(open)
    setAt = tonumber(setAt)
    if setAt > state.setAt or (setAt == state.setAt and member > state.member) then
      state.setAt, state.member, state.fields = setAt, member, fields
    end
  end
end
local function describe(user, state)
  return '"userId":"' .. user .. '",' .. state.fields .. ',"connections":' .. state.connections
end
if op == 'list' then
  local reply = {}
  for i, user in ipairs(users) do reply[i] = '{' .. describe(user, present[user]) .. '}' end
  return reply
end
local entries = { unpack(ARGV, 1, 10) }
local offline = { connections = 0, fields = '"status":"offline","metadata":null' }
for i, user in ipairs(changed) do
  local state, previous = present[user], redis.call('HGET', published, user)
  local change = nil
  if state and not previous then change = 'joined'
  elseif state and previous ~= state.fields then change = 'changed'
  elseif previous and not state then change = 'left' end
  if change then
    if state then redis.call('HSET', published, user, state.fields)
    else redis.call('HDEL', published, user) end
    local id = ARGV[15 + i]
    entries[#entries + 1] = id
    entries[#entries + 1] = '{"id":"' .. id .. '","channel":"' .. channel
      .. '","type":"presence.changed","data":{' .. describe(user, state or offline)
      .. ',"change":"' .. change .. '","lastSeenAt":"' .. lastSeen[user] .. '"},"at":"' .. at .. '"}'
  end
end
if #entries > 10 then append({ unpack(KEYS, 1, 3) }, entries) end
local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')
if first[2] then redis.call('ZADD', index, first[2], room) else redis.call('ZREM', index, room) end
return {}
`;

/** KEYS index; ARGV limit. Replies the rooms in which a lease has expired. */
export const presenceDueScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
`;

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    presenceApply(...args: (string | number)[]): Result<string[], Context>;
    presenceDue(index: string, limit: number): Result<string[], Context>;
  }
}
