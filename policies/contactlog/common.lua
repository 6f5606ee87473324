-- What the scripts share. Numbers are of six bytes, most significant first.
--
-- A shard's generation is its epoch, where the shard is complete how many
-- milliseconds back, and in 40 bytes the reign that it was adopted in: a copy
-- that took over from that server may be behind it, and is as good as empty. A
-- log begins with two such numbers, the epoch under which it was loaded and how
-- far back it is complete; its entries follow. One is: a byte with pending
-- (128), kind (16 x 0..4) and channel (0..15); a byte with category (32 x 0..7)
-- and a mask of the hashes that follow; the time in milliseconds; 17 bytes of
-- id; then three for each hash: subject, campaign, address, caller, template.
--
-- A settlement is a byte 112 for a release, 113 for a commit, 114 for a commit
-- that may re-create the contact; a byte of kind; the time (0 keeps the
-- entry's); the id; with 114 the entry. A commit is kept as a note in a log
-- that is unknown. A release never is: a copy may bring an old note back, and a
-- commit in it is still true, while the place may have been taken again since.
--
-- KEYS of every script on logs are the logs, one for each item, and then the
-- generations of the shards that the items name by their first byte.
--
-- Strings are not compared with < here: Redis does that by the locale.
local call, byte, sub, char, floor, find = redis.call, string.byte, string.sub, string.char, math.floor, string.find
local ones = '\0\1\1\2\1\2\2\3\1\2\2\3\2\3\3\4\1\2\2\3\2\3\3\4\2\3\3\4\3\4\4\5'

local function number(s, p)
  local a, b, c, d, e, f = byte(s, p, p + 5)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end

-- me is this server's reign: Redis draws its replication id anew when it starts
-- and when it becomes a master, so that who was a copy in between is another.
-- The embedded Redis has none, and no copies either.
local info = redis.pcall('INFO', 'replication')
local me = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or string.rep('0', 40)

-- generation is what was adopted in this very reign, '' for nothing.
local function generation(key)
  local gen = call('GET', key) or ''
  return sub(gen, -40) == me and sub(gen, 1, -41) or ''
end

-- shards reads the generations behind the first n keys; '' is for none and,
-- where epochs are given, for one of another epoch.
local function shards(n, epochs)
  local all = {}
  for i = 1, #KEYS - n do
    local gen = generation(KEYS[n + i])
    if epochs and sub(gen, 1, 6) ~= sub(epochs, 6 * i - 5, 6 * i) then gen = '' end
    all[i] = gen
  end
  return all
end

local function pending(v) return byte(v, 1) >= 128 end

local function isnote(log, p)
  local s = byte(log, p)
  return s >= 112 and s < 128
end

-- behind is where the entry, or the note, at p has ended.
local function behind(log, p)
  if isnote(log, p) then
    if byte(log, p) < 114 then return p + 25 end
    p = p + 25
  end
  return p + 25 + 3 * byte(ones, byte(log, p + 1) % 32 + 1)
end

-- place is where the entry, or the note, of an id begins and ends.
local function place(log, id, note)
  if not find(log, id, 13, true) then return end
  local p = 13
  while p <= #log do
    local q = behind(log, p)
    if sub(log, p + 8, p + 24) == id and isnote(log, p) == note then return p, q - 1 end
    p = q
  end
end

-- splice puts v in the place from..to, or at the end where from is nil.
local function splice(log, from, to, v)
  if not from then return log .. v end
  return sub(log, 1, from - 1) .. v .. sub(log, to + 1)
end

-- store writes a log. That it expires is rubbish collection and no rule.
local function store(key, log, ms) call('SET', key, log, 'PX', string.format('%.0f', ms)) end

-- commit gives entry v as a contact that was made at the time (the later of
-- two, if it was committed before), of the stronger kind.
local function commit(v, time, kind)
  local a = byte(v, 1) % 128
  local have, at = floor(a / 16), sub(v, 3, 8)
  local t = number(time, 1)
  if t > 0 and (pending(v) or t > number(at, 1)) then at = time end
  return char(a + 16 * math.max(0, kind - have)) .. sub(v, 2, 2) .. at .. sub(v, 9)
end

-- commitas commits v as the committed entry c was.
local function commitas(v, c) return commit(v, sub(c, 3, 8), floor(byte(c, 1) % 128 / 16)) end

-- settle applies a settlement to entry v, or to nothing; so is its answer. A
-- release with a time is one of the reservation made then.
local function settle(v, note)
  local form, kind = byte(note, 1, 2)
  if form == 112 then
    local t = number(note, 3)
    return v and (not pending(v) or t > 0 and t ~= number(v, 3)) and v
  end
  v = v or form == 114 and sub(note, 26)
  return v and commit(v, sub(note, 3, 8), kind)
end

-- stack puts a note on top of an older one.
local function stack(old, note)
  if not old then return note end
  local time, form, entry = sub(note, 3, 8), byte(note), sub(note, 26)
  if number(old, 3) > number(note, 3) then time = sub(old, 3, 8) end
  if form == 113 then form, entry = byte(old), sub(old, 26) end
  return char(form, math.max(byte(old, 2), byte(note, 2))) .. time .. sub(note, 9, 25) .. entry
end
