import { lua } from './ids.ts';

/**
 * What each organisation has in the queues. Its hash has the bytes of every job that has not ended,
 * by `queue id`, and under `!queue id` those of its dead letters; `#`, `$` and `!` are the number and
 * the sums. Two sorted sets, all scores 0, name the organisations that have anything, and those of
 * whom something waits elsewhere, so that what comes next does not overtake it.
 */
const sums = `
local load, loads, owner = KEYS[1], KEYS[2], ARGV[1]
local function sum(field) return tonumber(redis.call('HGET', load, field) or 0) end
local count, bytes, dead = sum('#'), sum('$'), sum('!')
local function keep()
  if count <= 0 and dead <= 0 then
    redis.call('DEL', load)
    redis.call('ZREM', loads, owner)
  else
    redis.call('HSET', load, '#', count, '$', bytes, '!', dead)
    redis.call('ZADD', loads, 0, owner)
  end
end
`;

/**
 * Counts jobs in, each with what it waits for, as long as there is room: for one more, and for its
 * bytes, of which no job counts more than a quarter of the room, so that each fits some time. What is
 * far off gets half of the room. What is known already fits, and is counted once.
 *
 * KEYS load, loads, held; ARGV owner, most jobs, most bytes, 1 when it waited elsewhere, then of each
 * `far` or `near`, how many jobs it is, and of each of these member, bytes and key. Replies 1 or 0
 * for each.
 */
export const admitScript = `${sums}
local held, most, room = KEYS[3], tonumber(ARGV[2]), tonumber(ARGV[3])
local quarter = math.floor(room / 4)
local isHeld = ARGV[4] == '0' and redis.call('ZSCORE', held, owner)
local replies, at = {}, 5
while at <= #ARGV do
  local isFar, size, new, cost = ARGV[at] == 'far', tonumber(ARGV[at + 1]), {}, 0
  for i = at + 2, at + 1 + 3 * size, 3 do
    if redis.call('HEXISTS', load, ARGV[i]) == 0 and redis.call('EXISTS', ARGV[i + 2]) == 0 then
      new[#new + 1] = { ARGV[i], math.min(tonumber(ARGV[i + 1]), quarter) }
      cost = cost + new[#new][2]
    end
  end
  local share = isFar and 0.5 or 1
  local hasRoom = count + 1 <= most * share and bytes + math.min(cost, quarter) <= room * share
  local fits = #new == 0 or (hasRoom and (isFar or not isHeld))
  if fits then
    for _, one in ipairs(new) do redis.call('HSET', load, one[1], one[2]) end
    count, bytes = count + #new, bytes + cost
  elseif not isFar then
    isHeld = true
    redis.call('ZADD', held, 0, owner)
  end
  replies[#replies + 1] = fits and 1 or 0
  at = at + 2 + 3 * size
end
keep()
return replies
`;

const MOST_EVICTED = 100;

/**
 * Counts jobs out that have ended or are gone. Dead letters keep their bytes; while they have more
 * than half of the room, the oldest are removed as BullMQ 6 would. What a completed job was told is
 * replaced where a shorter text is given.
 *
 * KEYS load, loads, dead; ARGV owner, most bytes, now, prefix, then of each member, key, the bytes of
 * a dead letter or '', and the shorter text or ''.
 */
export const endScript = `${sums}
local letters, room, now, prefix = KEYS[3], tonumber(ARGV[2]) / 2, ARGV[3], ARGV[4]
local function forget(member)
  dead = dead - sum('!' .. member)
  redis.call('HDEL', load, '!' .. member)
  redis.call('ZREM', letters, member)
end
for at = 5, #ARGV, 4 do
  local member, key, letter, text = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local held = redis.call('HGET', load, member)
  if held then
    redis.call('HDEL', load, member)
    count, bytes = count - 1, bytes - held
  end
  forget(member)
  if letter ~= '' then
    redis.call('HSET', load, '!' .. member, letter)
    redis.call('ZADD', letters, now, member)
    dead = dead + letter
  elseif text ~= '' and redis.call('HEXISTS', key, 'finishedOn') == 1 then
    redis.call('HSET', key, 'data', text)
  end
end
for _ = 1, ${MOST_EVICTED} do
  if dead <= room or redis.call('ZCARD', letters) < 2 then break end
  local member = redis.call('ZRANGE', letters, 0, 0)[1]
  forget(member)
  local queue, id = ${lua.parseMember('member')}
  local key = ${lua.jobKey('prefix', 'queue', lua.bullId('owner', 'id'))}
  if redis.call('ZREM', prefix .. ':' .. queue .. ':failed', ${lua.bullId('owner', 'id')}) == 1 then
    redis.call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed',
      key .. ':failed', key .. ':unsuccessful')
  end
end
keep()
return dead
`;
