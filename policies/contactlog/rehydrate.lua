-- Loads one log from the ledger's truth. An unknown log becomes what was
-- loaded, settled by the notes kept aside; what it held under an older epoch
-- is void, except that it knows which contacts had been committed. A known log
-- is given the committed contacts that it lacks; its own word on pending ones
-- is newer than the ledger's that was read.
--
-- KEYS[1] the customer's log   KEYS[2] the shard's generation
-- ARGV[1] epoch   [2] keep, ms   [3] slack of the expiry, ms
-- ARGV[4...] field, entry, field, entry, ...
--
-- Returns 1, or 0 where the shard has another generation: nothing is done.
local log = KEYS[1]
if call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local all, had, notes, known, keep = call('HGETALL', log), {}, {}, false, tonumber(ARGV[2])
for i = 1, #all, 2 do
  local f, v = all[i], all[i + 1]
  if f == 'e' then
    local epoch, k = mark(v)
    known = epoch == ARGV[1]
    if known then keep = math.max(keep, k) end
  elseif byte(f, -1) == 33 then -- '!'
    notes[sub(f, 1, -2)] = v
  else
    had[f] = v
  end
end
if not known then call('DEL', log) end
local has = {}
for i = 4, #ARGV, 2 do
  local f, v = ARGV[i], ARGV[i + 1]
  local old = had[f]
  if known then
    if pending(v) then v = nil elseif old then v = commitas(old, v) end
  elseif old and not pending(old) then
    v = commitas(v, old)
  end
  if v then
    call('HSET', log, f, v)
    has[f] = v
  end
end
for f, note in pairs(notes) do
  local v = settle(has[f], note)
  if v then call('HSET', log, f, v) elseif has[f] then call('HDEL', log, f) end
end
call('HSET', log, 'e', string.format('%s:%.0f', ARGV[1], keep))
expire(log, keep + ARGV[3])
return 1
