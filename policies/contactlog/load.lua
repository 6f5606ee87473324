-- Loads logs that were read from the ledger.
--
-- An unknown log becomes what was loaded, after its deferred settlements were
-- applied. What it held under an older epoch is void, except that a contact which
-- was committed there stays committed. A known log gets the committed contacts
-- that it lacks; what it says of pending ones is newer than what was loaded.
--
-- KEYS see common.lua   ARGV[1] slack of the expiry, ms   [2] the shards' epochs
-- ARGV[3...] a log each: one byte of shard, six of how far back, the entries
--
-- Returns how many were loaded. A shard with another epoch is left alone.
local n, loaded = #ARGV - 2, 0
local gens = generations(n, ARGV[2])

local function load(key, gen, item)
  local log = call('GET', key) or #gen > 6 and gen or string.rep('\255', 12)
  local known, keep = sub(log, 1, 6) == sub(gen, 1, 6), sub(item, 2, 7)
  if known and number(log, 7) > number(keep, 1) then keep = sub(log, 7, 12) end

  -- has becomes the new log, in this order of ids.
  local has, order = {}, {}
  local function put(id, entry)
    if has[id] == nil then order[#order + 1] = id end
    has[id] = entry
  end

  -- Read the log: its entries, and the settlements that wait for it.
  local had, settlements = {}, {}
  local p = 13
  while p <= #log do
    local q = endOf(log, p)
    local v, id = sub(log, p, q - 1), sub(log, p + 8, p + 24)
    if isDeferred(log, p) then
      settlements[#settlements + 1] = v
    else
      had[id] = v
      if known then put(id, v) end
    end
    p = q
  end

  -- Merge the entries that were loaded.
  p = 8
  while p <= #item do
    local q = endOf(item, p)
    local v, id = sub(item, p, q - 1), sub(item, p + 8, p + 24)
    local old = had[id]
    if not known then
      put(id, old and not pending(old) and commitLike(v, old) or v)
    elseif not pending(v) then
      put(id, old and commitLike(old, v) or v)
    end
    p = q
  end

  for _, settlement in ipairs(settlements) do
    local id = sub(settlement, 9, 25)
    put(id, apply(has[id], settlement) or '')
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
