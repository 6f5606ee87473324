-- Settles contacts: at once if the log is known, otherwise when it is loaded.
--
-- A log is known if it was loaded under its shard's generation, or is absent
-- from a complete shard. The release of a contact in an unknown log does nothing:
-- the ledger was told before, so what will be loaded does not hold it.
--
-- KEYS see common.lua   ARGV[1] slack of the expiry, ms
-- ARGV[2] how long a log with deferred settlements stays, ms
-- ARGV[3...] a settlement each, after one byte of shard
--
-- Returns how many settlements were deferred.
local n, deferred = #ARGV - 2, 0
local gens = generations(n)
for i = 1, n do
  local gen, settlement, log = gens[byte(ARGV[i + 2])], sub(ARGV[i + 2], 2), call('GET', KEYS[i])
  log = log or #gen > 6 and gen or string.rep('\255', 12)
  local known = sub(log, 1, 6) == sub(gen, 1, 6)
  local from, to = findItem(log, sub(settlement, 9, 25), not known)
  local old = from and sub(log, from, to)
  if known then
    local new = apply(old, settlement)
    if (old or new) and new ~= old then
      store(KEYS[i], splice(log, from, to, new or ''), number(log, 7) + ARGV[1])
    end
  elseif byte(settlement) ~= 112 then
    store(KEYS[i], splice(log, from, to, merge(old, settlement)), tonumber(ARGV[2]))
    deferred = deferred + 1
  end
end
return deferred
