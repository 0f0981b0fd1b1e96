import type { ClientContext, Result } from 'iovalkey';
import { lua } from './ids.ts';
import { FRESH_RANK, levels, levelsByRank } from './priority.ts';

const numbers = levels.map((_, i) => i + 1);

/**
 * Start-time fair queueing (Goyal, Vin, Cheng 1996) over the sorted set in which BullMQ keeps
 * prioritised jobs. A job arrives at a fresh rank, behind everything; this script gives it a turn:
 * `finish` of its organisation and priority, or just ahead of the next turn for one that has no
 * backlog. One organisation's turns are a `STEP` apart whatever its priorities are, so that none
 * gets more by flooding or by crying urgent. A retried or delayed job comes back fresh.
 *
 * When somebody without a backlog comes and no worker was waiting for a job, those that keep a place
 * are told; see kept-place.ts.
 *
 * KEYS prioritized finish marker; ARGV how many at most, topic, queue. Replies how many were given a
 * turn.
 */
export const fairScript = `
local STEP, SPAN, FRESH = 64, 1048576, ${FRESH_RANK} * 4294967296
local LAST = math.floor(FRESH / SPAN) - 1
local WEIGHTS = { ${levels.map(({ weight }) => weight).join(', ')} }
local LEVELS = { ${levelsByRank.map((level) => level + 1).join(', ')} }
local waiting, finish = KEYS[1], KEYS[2]
local fresh = redis.call('ZRANGE', waiting, FRESH, '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[1], 'WITHSCORES')
if #fresh == 0 then return 0 end
local head = redis.call('ZRANGE', waiting, '-inf', '(' .. string.format('%.0f', FRESH), 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
if #head == 0 then redis.call('DEL', finish) end
local now = #head == 0 and STEP or math.floor((math.floor(head[2] / SPAN) + 1) / STEP) * STEP
local order = redis.call('HINCRBY', finish, '', #fresh / 2) - #fresh / 2
local known, turns, isNew = {}, {}, false
for i = 1, #fresh, 2 do
  local id, level = fresh[i], LEVELS[math.floor((fresh[i + 1] - FRESH) / 4294967296) + 1]
  local owner = ${lua.ownerOf('id')}
  local ends = known[owner]
  if not ends then
    ends = redis.call('HMGET', finish, ${numbers.map((n) => `owner .. '~${n}'`).join(', ')})
    for n = 1, #WEIGHTS do ends[n] = tonumber(ends[n] or 0) end
    known[owner] = ends
  end
  local shares = WEIGHTS[level]
  for n = 1, #WEIGHTS do
    if n ~= level and ends[n] > now then shares = shares + WEIGHTS[n] end
  end
  local turn = ends[level]
  if turn <= now then turn, ends[level], isNew = now - 1, now, true end
  ends[level] = ends[level] + STEP * shares / WEIGHTS[level]
  turn = math.min(math.floor(turn), LAST)
  turns[#turns + 1] = string.format('%.0f', turn * SPAN + (order + #turns / 2) % SPAN)
  turns[#turns + 1] = id
end
for i = 1, #turns, 1000 do
  redis.call('ZADD', waiting, 'XX', unpack(turns, i, math.min(i + 999, #turns)))
end
for owner, ends in pairs(known) do
  for n = 1, #WEIGHTS do
    if ends[n] > 0 then redis.call('HSET', finish, owner .. '~' .. n, ends[n]) end
  end
end
redis.call('PEXPIRE', finish, 86400000)
if isNew and redis.call('EXISTS', KEYS[3]) == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
return #fresh / 2
`;

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsTakeTurns(...args: (string | number)[]): Result<number, Context>;
  }
}
