-- Sets a shard's generation to an epoch, unless it has a later one.
--
-- KEYS[1] the shard's generation   ARGV[1] epoch
--
-- Returns the generation.
local now = redis.call('GET', KEYS[1])
if now and tonumber(now) >= tonumber(ARGV[1]) then return now end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
