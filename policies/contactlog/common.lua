-- What all scripts share. A number in a log has six bytes, most significant
-- first.
--
-- A shard's generation is: its epoch; how many milliseconds back the shard is
-- complete (only if it is); and the 40 bytes of the replication id of the server
-- that wrote it. After a failover the new master may lack the latest writes, so a
-- generation of another server counts as none.
--
-- A log is: the epoch under which it was loaded; how many milliseconds back it is
-- complete; its entries. An entry is: a byte with pending (128), kind (16 x 0..4)
-- and channel (0..15); a byte with category (32 x 0..7) and a mask of the hashes
-- that follow; the time in milliseconds; 17 bytes of id; three bytes for each
-- hash: subject, campaign, address, caller, template.
--
-- A settlement is: a byte 112 for a release, 113 for a commit, 114 for a commit
-- that may create the contact again; a byte of kind; the time (0 keeps the
-- entry's); the id; with 114 the entry. In a log that is unknown a commit is kept
-- as a deferred settlement, and applied when the log is loaded. A release is
-- never kept: a failover may bring an old deferred settlement back. A commit in
-- it is still true then, but a released place may have been reserved again.
--
-- KEYS of every script on logs are the logs, one for each item, and after them
-- the generations of the shards. An item names its shard by its first byte.
--
-- Strings are not compared with <, because Redis does that by the locale.
local call, byte, sub, char, floor, find = redis.call, string.byte, string.sub, string.char, math.floor, string.find

-- popcount holds, at mask + 1, the number of bits set in a mask of five bits.
local popcount = '\0\1\1\2\1\2\2\3\1\2\2\3\2\3\3\4\1\2\2\3\2\3\3\4\2\3\3\4\3\4\4\5'

-- number reads the number at p.
local function number(s, p)
  local a, b, c, d, e, f = byte(s, p, p + 5)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end

-- replid is this server's replication id. Redis changes it on start and on
-- promotion, so a server that was a replica in between does not match. The
-- embedded Redis has none, and no replicas either.
local info = redis.pcall('INFO', 'replication')
local replid = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or string.rep('0', 40)

-- generation returns the generation that this server wrote under this
-- replication id, without that id; '' for none.
local function generation(key)
  local gen = call('GET', key) or ''
  return sub(gen, -40) == replid and sub(gen, 1, -41) or ''
end

-- generations returns the generations behind the first n keys, '' for none. If
-- epochs are given, a generation of another epoch is '' too.
local function generations(n, epochs)
  local all = {}
  for i = 1, #KEYS - n do
    local gen = generation(KEYS[n + i])
    if epochs and sub(gen, 1, 6) ~= sub(epochs, 6 * i - 5, 6 * i) then gen = '' end
    all[i] = gen
  end
  return all
end

local function pending(entry) return byte(entry, 1) >= 128 end

-- isDeferred reports whether a deferred settlement, not an entry, begins at p.
local function isDeferred(log, p)
  local first = byte(log, p)
  return first >= 112 and first < 128
end

-- endOf returns where the next entry or deferred settlement after p begins.
local function endOf(log, p)
  if isDeferred(log, p) then
    if byte(log, p) < 114 then return p + 25 end
    p = p + 25
  end
  return p + 25 + 3 * byte(popcount, byte(log, p + 1) % 32 + 1)
end

-- findItem returns where the entry of an id (or, with deferred, its deferred
-- settlement) begins and ends; nothing if there is none.
local function findItem(log, id, deferred)
  if not find(log, id, 13, true) then return end
  local p = 13
  while p <= #log do
    local q = endOf(log, p)
    if sub(log, p + 8, p + 24) == id and isDeferred(log, p) == deferred then return p, q - 1 end
    p = q
  end
end

-- splice replaces the bytes from..to by v, or appends v if from is nil.
local function splice(log, from, to, v)
  if not from then return log .. v end
  return sub(log, 1, from - 1) .. v .. sub(log, to + 1)
end

-- store writes a log that expires after ms. Expiry only frees memory; no rule
-- depends on it.
local function store(key, log, ms) call('SET', key, log, 'PX', string.format('%.0f', ms)) end

-- commit returns the entry as a contact that was made at a time. If it was
-- committed before, the later time and the stronger kind win.
local function commit(entry, time, kind)
  local first = byte(entry, 1) % 128
  local have, at = floor(first / 16), sub(entry, 3, 8)
  local t = number(time, 1)
  if t > 0 and (pending(entry) or t > number(at, 1)) then at = time end
  return char(first + 16 * math.max(0, kind - have)) .. sub(entry, 2, 2) .. at .. sub(entry, 9)
end

-- commitLike commits an entry with the time and kind of a committed one.
local function commitLike(entry, made) return commit(entry, sub(made, 3, 8), floor(byte(made, 1) % 128 / 16)) end

-- apply returns the entry (false or nil: none) after a settlement; false or nil
-- if there is none then. A release with a time releases only the reservation
-- that was made at that time.
local function apply(entry, settlement)
  local form, kind = byte(settlement, 1, 2)
  if form == 112 then
    local t = number(settlement, 3)
    return entry and (not pending(entry) or t > 0 and t ~= number(entry, 3)) and entry
  end
  entry = entry or form == 114 and sub(settlement, 26)
  return entry and commit(entry, sub(settlement, 3, 8), kind)
end

-- merge returns one deferred settlement with the effect of an older one (nil:
-- none) and a newer one.
local function merge(old, new)
  if not old then return new end
  local time, form, entry = sub(new, 3, 8), byte(new), sub(new, 26)
  if number(old, 3) > number(new, 3) then time = sub(old, 3, 8) end
  if form == 113 then form, entry = byte(old), sub(old, 26) end
  return char(form, math.max(byte(old, 2), byte(new, 2))) .. time .. sub(new, 9, 25) .. entry
end
