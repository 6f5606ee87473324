-- Gives shards' generations, '' for those that were not adopted on this server.
--
-- KEYS the shards' generations   ARGV[1] their epochs, which do not matter here
--
-- Returns a list; its last is the server's reign.
local all = {}
for i, key in ipairs(KEYS) do all[i] = generation(key) end
all[#all + 1] = me
return all
