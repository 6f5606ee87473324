-- Sets shards' generations to epochs; a shard that has a later one keeps it.
--
-- KEYS the shards' generations   ARGV[1] their epochs   [2] the server that they
-- are meant for, '' for any: a client that was led elsewhere meanwhile, or
-- repeats itself there, must not adopt one epoch on two servers
--
-- Returns the epochs that the shards have then, nothing on another server.
if ARGV[2] ~= '' and ARGV[2] ~= me then return '' end
local all = {}
for i, key in ipairs(KEYS) do
  local gen, epoch = generation(key), sub(ARGV[1], 6 * i - 5, 6 * i)
  if gen ~= '' and number(gen, 1) >= number(epoch, 1) then
    epoch = sub(gen, 1, 6)
  else
    call('SET', key, epoch .. me)
  end
  all[i] = epoch
end
return table.concat(all)
