-- Settles one contact: now if the log is known, otherwise when it is loaded.
-- A log is known if it was loaded under its shard's generation.
--
-- KEYS[1] the customer's log   KEYS[2] the shard's generation
-- ARGV[1] field   [2] note   [3] slack of the expiry, ms
--
-- Returns 1, or 0 where the note was kept aside.
local log, field = KEYS[1], ARGV[1]
local epoch, keep = mark(call('HGET', log, 'e'))
if not epoch or epoch ~= call('GET', KEYS[2]) then
  local aside = field .. '!'
  call('HSET', log, aside, stack(call('HGET', log, aside), ARGV[2]))
  expire(log, tonumber(ARGV[3]))
  return 0
end
local old = call('HGET', log, field)
local new = settle(old, ARGV[2])
if not new then
  if old then call('HDEL', log, field) end
elseif new ~= old then
  call('HSET', log, field, new)
  expire(log, keep + ARGV[3])
end
return 1
