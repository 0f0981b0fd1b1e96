/**
 * A value is a hash of its text, its tags and their versions. It is valid while every tag has the
 * same version; deleting a tag's key invalidates all values with it. `token` gives new versions.
 */
const versionsOf = `
local function versionsOf(tags, token, ms)
  local versions = {}
  for tag in string.gmatch(tags, '[^\\n]+') do
    if token then
      redis.call('SET', tag, token, 'NX')
      if redis.call('PTTL', tag) < ms then redis.call('PEXPIRE', tag, ms) end
    end
    versions[#versions + 1] = redis.call('GET', tag) or ''
  end
  return table.concat(versions, '\\n')
end
`;

/** KEYS value, lock; ARGV token, lock-ms, tags, grace-ms. With a token it locks what is not fresh. */
export const get = `${versionsOf}
local text, tags, versions = unpack(redis.call('HMGET', KEYS[1], 'text', 'tags', 'versions'))
if text and versionsOf(tags) ~= versions then text = false end
local left = redis.call('PTTL', KEYS[1]) - ARGV[4]
local isLocked = ARGV[1] ~= '' and not (text and left > 0)
  and redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return {text, tags, left, isLocked and versionsOf(ARGV[3], ARGV[1], tonumber(ARGV[2]))}
`;

/** KEYS value, lock; ARGV token, versions or 'none', tags, text, ms, channel, message. 1 if stored. */
export const set = `${versionsOf}
local isLoaded, ms = ARGV[2] ~= 'none', tonumber(ARGV[5])
if isLoaded and redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ms <= 0 or isLoaded and versionsOf(ARGV[3]) ~= ARGV[2] then return 0 end
local versions = versionsOf(ARGV[3], ARGV[1], ms)
redis.call('HSET', KEYS[1], 'text', ARGV[4], 'tags', ARGV[3], 'versions', versions)
redis.call('PEXPIRE', KEYS[1], ms)
if not isLoaded then redis.call('PUBLISH', ARGV[6], ARGV[7]) end
return 1
`;
