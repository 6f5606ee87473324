-- Settles contacts: now where the log is known, otherwise when it is loaded. A
-- log is known if it was loaded under its shard's generation, or is absent from
-- a complete shard.
--
-- KEYS see entry.lua   ARGV[1] slack of the expiry, ms
-- ARGV[2] how long a log with notes stays, ms
-- ARGV[3...] a settlement each: one byte of shard, and the note
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
  else
    if byte(note) == 112 then note = sub(note, 1, 2) .. string.rep('\0', 6) .. sub(note, 9) end -- the ledger knows other times
    store(KEYS[i], splice(log, from, to, stack(old, note)), tonumber(ARGV[2]))
    aside = aside + 1
  end
end
return aside
