-- Reads the generations of shards, '' for those that this server did not write
-- under its replication id.
--
-- KEYS the shards' generations   ARGV[1] their epochs, which are not used
--
-- Returns a list; the last item is the server's replication id.
local all = {}
for i, key in ipairs(KEYS) do all[i] = generation(key) end
all[#all + 1] = replid
return all
