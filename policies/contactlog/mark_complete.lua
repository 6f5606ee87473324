-- Marks shards as complete, where their epochs are still the ones given.
--
-- KEYS the shards' generations   ARGV[1] their epochs   [2] how far back
--
-- Returns how many are complete for that long then.
local n = 0
for i, key in ipairs(KEYS) do
  local gen, epoch = generation(key), sub(ARGV[1], 6 * i - 5, 6 * i)
  if sub(gen, 1, 6) == epoch then
    if #gen < 12 or number(gen, 7) < number(ARGV[2], 1) then call('SET', key, epoch .. ARGV[2] .. me) end
    n = n + 1
  end
end
return n
