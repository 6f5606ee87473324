-- What the scripts share. An entry is: one byte with pending (128), kind (16 x
-- 0..7) and channel (0..15); one with category (32 x 0..7) and a mask of the
-- hashes that follow; six with the time in milliseconds, most significant
-- first; then four for each hash: subject, campaign, address, caller, template.
--
-- A note is a settlement: 'r' for a release; for a commit six bytes of time (0
-- keeps the entry's), one of kind and, if it may re-create the contact, its
-- entry as pending.
--
-- Strings are not compared with < here: Redis does that by the locale.
local call, byte, sub, char, floor = redis.call, string.byte, string.sub, string.char, math.floor

local function number(t)
  local a, b, c, d, e, f = byte(t, 1, 6)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end

local function pending(v) return byte(v, 1) >= 128 end

-- commit gives entry v as a contact that was made at the time (the later of
-- two, if it was committed before), of the stronger kind.
local function commit(v, time, kind)
  local a = byte(v, 1) % 128
  local have, at = floor(a / 16), sub(v, 3, 8)
  local t = number(time)
  if t > 0 and (pending(v) or t > number(at)) then at = time end
  return char(a + 16 * math.max(0, kind - have)) .. sub(v, 2, 2) .. at .. sub(v, 9)
end

-- commitas commits v as the committed entry c was.
local function commitas(v, c) return commit(v, sub(c, 3, 8), floor(byte(c, 1) % 128 / 16)) end

-- settle applies a note to entry v, or to nothing; so is its answer.
local function settle(v, note)
  if note == 'r' then return v and not pending(v) and v end
  v = v or #note > 7 and sub(note, 8)
  return v and commit(v, sub(note, 1, 6), byte(note, 7))
end

-- stack puts a note on top of an older one: a commit is stronger than a release.
local function stack(old, note)
  if not old or old == 'r' then return note end
  if note == 'r' then return old end
  local time, entry = sub(note, 1, 6), #note > 7 and sub(note, 8) or sub(old, 8)
  if number(old) > number(time) then time = sub(old, 1, 6) end
  return time .. char(math.max(byte(old, 7), byte(note, 7))) .. entry
end

-- mark reads a log's marker: under which epoch it was loaded, and how many
-- milliseconds back it is complete.
local function mark(m)
  local epoch, keep = string.match(m or '', '^(%d+):(%d+)$')
  return epoch, tonumber(keep)
end

-- expire is rubbish collection and no rule: a log that is gone is loaded again.
local function expire(log, ms) call('PEXPIRE', log, string.format('%.0f', ms)) end
