/**
 * Counts a connection unless a limit is exceeded. KEYS replicas, own counts; ARGV instance, lease-ms,
 * then field, limit and own count, with the new connection, of each limit. Replies the index of the
 * limit that is exceeded, 0 for none, -1 for none while the own hash was lost.
 */
export const checkScript = `
local fields, totals = {}, {}
for i = 3, #ARGV, 3 do
  fields[#fields + 1] = ARGV[i]
  totals[#totals + 1] = tonumber(ARGV[i + 2])
end
for _, replica in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if replica ~= ARGV[1] then
    local counts = redis.call('HMGET', '{sockets}:of:' .. replica, 'lease', unpack(fields))
    if counts[1] then
      for i = 1, #fields do totals[i] = totals[i] + (tonumber(counts[i + 1] or 0)) end
    else
      redis.call('SREM', KEYS[1], replica)
    end
  end
end
for i = 1, #fields do
  if totals[i] > tonumber(ARGV[3 * i + 1]) then return i end
end
if redis.call('HEXISTS', KEYS[2], 'lease') == 0 then return -1 end
for i = 1, #fields do redis.call('HSET', KEYS[2], fields[i], ARGV[3 * i + 2]) end
return 0
`;

/**
 * Renews the lease and sets counts. KEYS replicas, own counts; ARGV instance, lease-ms, then field
 * and count. Replies 0, without any change, when the own hash was lost.
 */
export const renewScript = `
if redis.call('HEXISTS', KEYS[2], 'lease') == 0 then return 0 end
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '0' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
`;
