-- Reserves a place for one contact under all of its caps, or under none.
--
-- KEYS[1] the customer's log   KEYS[2] the shard's generation
-- ARGV[1] epoch     [2] keep, ms     [3] field     [4] entry, pending
-- ARGV[5] now, ms   [6] slack of the expiry, ms    [7] questions, packed: each
--   six bytes of since, two of limit, two of channels (a bit each), one of
--   categories (likewise), one of the least kind, one mask of hashes, and four
--   for each of those
--
-- Returns 0 unknown, 1 admitted, 2 admitted earlier, or, denied, {index of the
-- first question without a place, {field, entry, ...}}.
--
-- It begins with its own locals because each of the shared ones costs time at
-- every call.
local call, byte, sub, floor = redis.call, string.byte, string.sub, math.floor
local log, mine = KEYS[1], ARGV[3]
if call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local all = call('HGETALL', log)
local keep
for i = 1, #all, 2 do
  local f = all[i]
  if f == 'e' then
    local epoch, k = string.match(all[i + 1], '^(%d+):(%d+)$')
    if epoch == ARGV[1] then keep = tonumber(k) end
  elseif f == mine then
    mine = nil
  end
end
if not keep or keep < tonumber(ARGV[2]) then return 0 end
if not mine then return 2 end

local qs, p, n = ARGV[7], 1, 0
local since, limit, channels, categories, least, mask, want, count = {}, {}, {}, {}, {}, {}, {}, {}
while p < #qs do
  n = n + 1
  local a, b, c, d, e, f, l, m, x, y, g, k, h = byte(qs, p, p + 12)
  since[n] = ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
  limit[n], channels[n], categories[n], least[n], mask[n], count[n] = l * 256 + m, x * 256 + y, g, k, h, 0
  p = p + 13
  if h > 0 then
    local size, bit = 0, 1
    while bit < 32 do
      if h % (bit + bit) >= bit then size = size + 4 end
      bit = bit + bit
    end
    want[n], p = sub(qs, p, p + size - 1), p + size
  end
end

-- holds says whether the entry has all hashes that a question wants.
local function holds(v, have, asked, wanted)
  local at, w, bit = 9, 1, 1
  while bit < 32 do
    local has = have % (bit + bit) >= bit
    if asked % (bit + bit) >= bit then
      if not has or sub(v, at, at + 3) ~= sub(wanted, w, w + 3) then return false end
      w = w + 4
    end
    if has then at = at + 4 end
    bit = bit + bit
  end
  return true
end

local oldest, old = tonumber(ARGV[5]) - keep, {}
for i = 1, #all, 2 do
  if all[i] ~= 'e' then
    local v = all[i + 1]
    local s, t, a, b, c, d, e, f = byte(v, 1, 8)
    local at = ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
    local kind = floor(s / 16)
    if s >= 128 then at, kind = math.huge, 8 end -- a pending reservation never ages
    if at < oldest then
      old[#old + 1] = all[i]
    else
      local channel, category = 2 ^ (s % 16), 2 ^ floor(t / 32)
      for q = 1, n do
        if at >= since[q] and kind >= least[q]
          and channels[q] % (channel + channel) >= channel
          and categories[q] % (category + category) >= category
          and (mask[q] == 0 or holds(v, t % 32, mask[q], want[q])) then
          count[q] = count[q] + 1
        end
      end
    end
  end
end
for _, f in ipairs(old) do call('HDEL', log, f) end
for q = 1, n do
  if count[q] >= limit[q] then
    if #old > 0 then all = call('HGETALL', log) end
    return {q - 1, all}
  end
end
call('HSET', log, mine, ARGV[4])
call('PEXPIRE', log, string.format('%.0f', keep + ARGV[6])) -- rubbish collection, no rule
return 1
