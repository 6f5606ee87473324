-- Loads logs from the ledger's truth. An unknown log becomes what was loaded,
-- settled by the notes kept in it; what it held under an older epoch is void,
-- except that it knows which contacts had been committed. A known log is given
-- the committed contacts that it lacks; its own word on pending ones is newer
-- than the ledger's that was read.
--
-- KEYS see common.lua   ARGV[1] slack of the expiry, ms   [2] the shards' epochs
-- ARGV[3...] a log each: one byte of shard, six of how far back, the entries
--
-- Returns how many were loaded; a shard with another epoch is left alone.
local n, loaded = #ARGV - 2, 0
local gens = shards(n, ARGV[2])

local function load(key, gen, item)
  local log = call('GET', key) or #gen > 6 and gen or string.rep('\255', 12)
  local known, keep = sub(log, 1, 6) == sub(gen, 1, 6), sub(item, 2, 7)
  if known and number(log, 7) > number(keep, 1) then keep = sub(log, 7, 12) end
  local had, has, order, notes = {}, {}, {}, {}
  local function put(id, v)
    if has[id] == nil then order[#order + 1] = id end
    has[id] = v
  end
  local p = 13
  while p <= #log do
    local q = behind(log, p)
    local v, id = sub(log, p, q - 1), sub(log, p + 8, p + 24)
    if isnote(log, p) then
      notes[#notes + 1] = v
    else
      had[id] = v
      if known then put(id, v) end
    end
    p = q
  end
  p = 8
  while p <= #item do
    local q = behind(item, p)
    local v, id = sub(item, p, q - 1), sub(item, p + 8, p + 24)
    local old = had[id]
    if not known then
      put(id, old and not pending(old) and commitas(v, old) or v)
    elseif not pending(v) then
      put(id, old and commitas(old, v) or v)
    end
    p = q
  end
  for _, note in ipairs(notes) do
    local id = sub(note, 9, 25)
    put(id, settle(has[id], note) or '')
  end
  local all = {sub(gen, 1, 6), keep}
  for _, id in ipairs(order) do all[#all + 1] = has[id] end
  store(key, table.concat(all), number(keep, 1) + ARGV[1])
end

for i = 1, n do
  local item = ARGV[i + 2]
  local gen = gens[byte(item)]
  if gen ~= '' then
    load(KEYS[i], gen, item)
    loaded = loaded + 1
  end
end
return loaded
