-- Marks shards as complete whose epochs are still the given ones.
--
-- KEYS the shards' generations   ARGV[1] their epochs   [2] how far back, ms
--
-- Returns how many of them are complete for that long now.
local n = 0
for i, key in ipairs(KEYS) do
  local gen, epoch = generation(key), sub(ARGV[1], 6 * i - 5, 6 * i)
  if sub(gen, 1, 6) == epoch then
    if #gen < 12 or number(gen, 7) < number(ARGV[2], 1) then call('SET', key, epoch .. ARGV[2] .. replid) end
    n = n + 1
  end
end
return n
