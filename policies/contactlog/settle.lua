-- Settles contacts: now where the log is known, otherwise when it is loaded; a
-- release of what is unknown has nothing to give back, for the ledger that will
-- be loaded was told before. A log is known if it was loaded under its shard's
-- generation, or is absent from a complete shard.
--
-- KEYS see common.lua   ARGV[1] slack of the expiry, ms
-- ARGV[2] how long a log with notes stays, ms
-- ARGV[3...] a settlement each, behind one byte of shard
--
-- Returns how many were kept aside as notes.
local n, aside = #ARGV - 2, 0
local gens = shards(n)
for i = 1, n do
  local gen, note, log = gens[byte(ARGV[i + 2])], sub(ARGV[i + 2], 2), call('GET', KEYS[i])
  log = log or #gen > 6 and gen or string.rep('\255', 12)
  local known = sub(log, 1, 6) == sub(gen, 1, 6)
  local from, to = place(log, sub(note, 9, 25), not known)
  local old = from and sub(log, from, to)
  if known then
    local new = settle(old, note)
    if (old or new) and new ~= old then
      store(KEYS[i], splice(log, from, to, new or ''), number(log, 7) + ARGV[1])
    end
  elseif byte(note) ~= 112 then
    store(KEYS[i], splice(log, from, to, stack(old, note)), tonumber(ARGV[2]))
    aside = aside + 1
  end
end
return aside
