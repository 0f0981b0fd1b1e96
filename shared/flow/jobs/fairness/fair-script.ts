import type { ClientContext, Result } from 'iovalkey';
import { lua } from '../definition/job-keys.ts';
import { levels, levelsByRank, UNASSIGNED_RANK } from '../definition/priority.ts';

const numbers = levels.map((_, i) => i + 1);

/**
 * Start-time fair queueing (Goyal, Vin, Cheng 1996) over BullMQ's sorted set of prioritised jobs. A
 * job is added at a rank without a turn, behind all others; this script assigns a turn: the virtual
 * finish time of its organization and priority, or just before the next turn for an organization
 * without a backlog. The turns of one organization are a `STEP` apart whatever its priorities, so
 * that neither a flood nor a high priority gets it a larger share. A retried or delayed job loses its
 * turn.
 *
 * For an organization without a backlog, while no worker waits for a job, it wakes the reserved
 * slots; see reserved-slot.ts.
 *
 * KEYS prioritized finish marker; ARGV max jobs, topic, queue. Replies the number of assigned turns.
 */
export const fairScript = `
local STEP, SPAN, UNASSIGNED = 64, 1048576, ${UNASSIGNED_RANK} * 4294967296
local LAST = math.floor(UNASSIGNED / SPAN) - 1
local WEIGHTS = { ${levels.map(({ weight }) => weight).join(', ')} }
local LEVELS = { ${levelsByRank.map((level) => level + 1).join(', ')} }
local waiting, finish = KEYS[1], KEYS[2]
local unassigned = redis.call('ZRANGE', waiting, UNASSIGNED, '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[1], 'WITHSCORES')
if #unassigned == 0 then return 0 end
local head = redis.call('ZRANGE', waiting, '-inf', '(' .. string.format('%.0f', UNASSIGNED), 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
if #head == 0 then redis.call('DEL', finish) end
local now = #head == 0 and STEP or math.floor((math.floor(head[2] / SPAN) + 1) / STEP) * STEP
local order = redis.call('HINCRBY', finish, '', #unassigned / 2) - #unassigned / 2
local known, turns, isNew = {}, {}, false
for i = 1, #unassigned, 2 do
  local id, level = unassigned[i], LEVELS[math.floor((unassigned[i + 1] - UNASSIGNED) / 4294967296) + 1]
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
return #unassigned / 2
`;

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsAssignTurns(...args: (string | number)[]): Result<number, Context>;
  }
}
