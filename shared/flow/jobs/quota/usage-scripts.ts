import { lua } from '../definition/job-keys.ts';

/**
 * The usage of each organization. Its hash has the bytes of every unfinished job by `queue id`, and
 * of every failed job by `!queue id`; `#`, `$` and `!` are the number of jobs and the two sums. A
 * sorted set with equal scores lists the organizations with usage, and another one those with parked
 * jobs, so that new jobs do not overtake parked ones.
 */
const sums = `
local usage, index, owner = KEYS[1], KEYS[2], ARGV[1]
local function sum(field) return tonumber(redis.call('HGET', usage, field) or 0) end
local count, bytes, failed = sum('#'), sum('$'), sum('!')
local function save()
  if count <= 0 and failed <= 0 then
    redis.call('DEL', usage)
    redis.call('ZREM', index, owner)
  else
    redis.call('HSET', usage, '#', count, '$', bytes, '!', failed)
    redis.call('ZADD', index, 0, owner)
  end
end
`;

/**
 * Reserves quota for jobs, each with its dependencies, as long as there is quota for one more job and
 * for its bytes. A job counts at most a quarter of the byte quota, so that each fits eventually. Jobs
 * that are due later get half of the quota. A known job fits and is counted once.
 *
 * KEYS usage, index, parking; ARGV owner, max jobs, max bytes, 1 if the jobs are parked, then for each
 * unit `later` or `now`, the number of its jobs, and for each job member, bytes and key. Replies 1 or
 * 0 for each unit.
 */
export const reserveScript = `${sums}
local parking, maxJobs, maxBytes = KEYS[3], tonumber(ARGV[2]), tonumber(ARGV[3])
local quarter = math.floor(maxBytes / 4)
local isParking = ARGV[4] == '0' and redis.call('ZSCORE', parking, owner)
local replies, at = {}, 5
while at <= #ARGV do
  local isLater, size, new, cost = ARGV[at] == 'later', tonumber(ARGV[at + 1]), {}, 0
  for i = at + 2, at + 1 + 3 * size, 3 do
    if redis.call('HEXISTS', usage, ARGV[i]) == 0 and redis.call('EXISTS', ARGV[i + 2]) == 0 then
      new[#new + 1] = { ARGV[i], math.min(tonumber(ARGV[i + 1]), quarter) }
      cost = cost + new[#new][2]
    end
  end
  local share = isLater and 0.5 or 1
  local hasQuota = count + 1 <= maxJobs * share and bytes + math.min(cost, quarter) <= maxBytes * share
  local fits = #new == 0 or (hasQuota and (isLater or not isParking))
  if fits then
    for _, job in ipairs(new) do redis.call('HSET', usage, job[1], job[2]) end
    count, bytes = count + #new, bytes + cost
  elseif not isLater then
    isParking = true
    redis.call('ZADD', parking, 0, owner)
  end
  replies[#replies + 1] = fits and 1 or 0
  at = at + 2 + 3 * size
end
save()
return replies
`;

const MAX_EVICTED = 100;

/**
 * Subtracts jobs that have ended or are gone. The bytes of failed jobs are kept; while they use more
 * than half of the quota, the oldest are removed the way BullMQ 6 does. The data of a completed job is
 * replaced where a shorter text is given.
 *
 * KEYS usage, index, failed jobs; ARGV owner, max bytes, now, prefix, then for each job member, key,
 * the bytes of a failed job or '', and the shorter data or ''.
 */
export const countEndedScript = `${sums}
local failedJobs, maxFailed, now, prefix = KEYS[3], tonumber(ARGV[2]) / 2, ARGV[3], ARGV[4]
local function subtractFailed(member)
  failed = failed - sum('!' .. member)
  redis.call('HDEL', usage, '!' .. member)
  redis.call('ZREM', failedJobs, member)
end
for at = 5, #ARGV, 4 do
  local member, key, failedBytes, data = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local counted = redis.call('HGET', usage, member)
  if counted then
    redis.call('HDEL', usage, member)
    count, bytes = count - 1, bytes - counted
  end
  subtractFailed(member)
  if failedBytes ~= '' then
    redis.call('HSET', usage, '!' .. member, failedBytes)
    redis.call('ZADD', failedJobs, now, member)
    failed = failed + failedBytes
  elseif data ~= '' and redis.call('HEXISTS', key, 'finishedOn') == 1 then
    redis.call('HSET', key, 'data', data)
  end
end
for _ = 1, ${MAX_EVICTED} do
  if failed <= maxFailed or redis.call('ZCARD', failedJobs) < 2 then break end
  local member = redis.call('ZRANGE', failedJobs, 0, 0)[1]
  subtractFailed(member)
  local queue, id = ${lua.parseIndexMember('member')}
  local key = ${lua.jobKey('prefix', 'queue', lua.bullId('owner', 'id'))}
  if redis.call('ZREM', prefix .. ':' .. queue .. ':failed', ${lua.bullId('owner', 'id')}) == 1 then
    redis.call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed',
      key .. ':failed', key .. ':unsuccessful')
  end
end
save()
return failed
`;
