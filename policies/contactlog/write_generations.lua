-- Sets the generations of shards to epochs. A shard that has a later epoch keeps
-- it.
--
-- KEYS the shards' generations   ARGV[1] their epochs   [2] the replication id of
-- the server that they are meant for, '' for any. A client that was redirected
-- meanwhile must not write one epoch on two servers.
--
-- Returns the epochs that the shards have now; '' on another server.
if ARGV[2] ~= '' and ARGV[2] ~= replid then return '' end
local all = {}
for i, key in ipairs(KEYS) do
  local gen, epoch = generation(key), sub(ARGV[1], 6 * i - 5, 6 * i)
  if gen ~= '' and number(gen, 1) >= number(epoch, 1) then
    epoch = sub(gen, 1, 6)
  else
    call('SET', key, epoch .. replid)
  end
  all[i] = epoch
end
return table.concat(all)
