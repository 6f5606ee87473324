-- Reserves contacts, one after the other: each under all of its caps, or not.
--
-- KEYS see common.lua   ARGV[1] now, ms   [2] slack of the expiry, ms
-- ARGV[3] the shards' epochs   [4] how many lists of questions follow
-- ARGV[5...] the lists; a question is six bytes of since, two of limit, two of
--   channels (a bit each) for each of the five kinds: those whose contacts of that
--   kind count, one of categories (a bit each), one mask of hashes, three for each
--   of those, one of how many alternatives follow. Where there are any, one must
--   hold. An alternative is two bytes of channels, one of categories, one of how
--   many terms follow. A term is one byte of field (with 128: it must not hold),
--   one of how many hashes follow, and three for each
-- ARGV[...] a reservation each: one byte of shard, one of list, six of how far
--   back the log must be complete, and the entry, pending
--
-- Returns for each: 0 the log is unknown, 1 admitted, 2 admitted earlier, or, if
-- denied, {index of the first question whose limit is reached, log}.
local first = 4 + ARGV[4]
local n = #ARGV - first
local gens, now, slack, lists = generations(n, ARGV[3]), tonumber(ARGV[1]), tonumber(ARGV[2]), {}

-- alternatives reads the alternatives of a question at p; false if there are
-- none. It also returns where the next question begins.
local function alternatives(qs, p)
  local n = byte(qs, p)
  p = p + 1
  if n == 0 then return false, p end
  local all = {}
  for i = 1, n do
    local x, y, g, terms = byte(qs, p, p + 3)
    local a = {channels = x * 256 + y, categories = g}
    p = p + 4
    for t = 1, terms do
      local field, hashes = byte(qs, p, p + 1)
      local term = {field = field % 128 + 1, holds = field < 128, set = {}}
      p = p + 2
      for h = 1, hashes do
        term.set[sub(qs, p, p + 2)] = true
        p = p + 3
      end
      a[t] = term
    end
    all[i] = a
  end
  return all, p
end

-- meets reports whether the entry at p, whose hashes are those of mask have, is
-- as one of the alternatives says.
local function meets(log, p, have, channel, category, all)
  local hashes, at, bit = {}, p + 25, 1
  for field = 1, 5 do
    if have % (bit + bit) >= bit then
      hashes[field], at = sub(log, at, at + 2), at + 3
    else
      hashes[field] = '\0\0\0'
    end
    bit = bit + bit
  end
  for _, a in ipairs(all) do
    local ok = a.channels % (channel + channel) >= channel and a.categories % (category + category) >= category
    for _, term in ipairs(a) do
      ok = ok and (term.set[hashes[term.field]] or false) == term.holds
    end
    if ok then return true end
  end
  return false
end

-- questions returns the list of questions with number k, decoded once: the
-- touches of one campaign mostly ask the same.
local function questions(k)
  if lists[k] then return lists[k] end
  local qs, p, n = ARGV[4 + k], 1, 0
  local l = {since = {}, limit = {}, kinds = {{}, {}, {}, {}, {}}, categories = {}, mask = {}, want = {}, any = {}}
  while p < #qs do
    n = n + 1
    local s, t = byte(qs, p + 6, p + 7)
    l.since[n], l.limit[n] = number(qs, p), s * 256 + t
    for kind = 1, 5 do
      local x, y = byte(qs, p + 6 + 2 * kind, p + 7 + 2 * kind)
      l.kinds[kind][n] = x * 256 + y
    end
    local g, m = byte(qs, p + 18, p + 19)
    l.categories[n], l.mask[n] = g, m
    local size = 3 * byte(popcount, m + 1)
    l.want[n] = sub(qs, p + 20, p + 19 + size)
    l.any[n], p = alternatives(qs, p + 20 + size)
  end
  l.n, lists[k] = n, l
  return l
end

-- matches reports whether the entry at p, whose hashes are those of mask have,
-- has all the hashes that a question wants.
local function matches(log, p, have, asked, wanted)
  local at, w, bit = p + 25, 1, 1
  while bit < 32 do
    local has = have % (bit + bit) >= bit
    if asked % (bit + bit) >= bit then
      if not has or sub(log, at, at + 2) ~= sub(wanted, w, w + 2) then return false end
      w = w + 3
    end
    if has then at = at + 3 end
    bit = bit + bit
  end
  return true
end

-- count counts the entries of a log for each question. It also returns the log
-- without the entries that are too old for all of them.
local function count(log, l, oldest)
  local n, since, kinds, categories, mask, want, any = l.n, l.since, l.kinds, l.categories, l.mask, l.want, l.any
  local counts, p, from, young = {}, 13, 1, ''
  for q = 1, n do counts[q] = 0 end
  while p <= #log do
    local s, t, a, b, c, d, e, f = byte(log, p, p + 7)
    local at = ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
    local kind, next = floor(s / 16), p + 25 + 3 * byte(popcount, t % 32 + 1)
    if s >= 128 then at, kind = math.huge, 4 end -- a pending reservation never ages, and counts as the strictest kind
    if at < oldest then
      young, from = young .. sub(log, from, p - 1), next
    else
      local channel, category, channels = 2 ^ (s % 16), 2 ^ floor(t / 32), kinds[math.min(kind, 4) + 1]
      for q = 1, n do
        if at >= since[q]
          and channels[q] % (channel + channel) >= channel
          and categories[q] % (category + category) >= category
          and (mask[q] == 0 or matches(log, p, t % 32, mask[q], want[q]))
          and (not any[q] or meets(log, p, t % 32, channel, category, any[q])) then
          counts[q] = counts[q] + 1
        end
      end
    end
    p = next
  end
  if from == 1 then return counts, log end
  return counts, young .. sub(log, from)
end

local function reserve(key, item)
  local s, k = byte(item, 1, 2)
  local gen = gens[s]

  -- A log that is absent from a complete shard is empty.
  local log = call('GET', key) or gen
  if #log < 12 or gen == '' or sub(log, 1, 6) ~= sub(gen, 1, 6) then return 0 end
  local keep = number(log, 7)
  if keep < number(item, 3) then return 0 end

  -- A pending reservation of the same id is renewed, so that a late release of
  -- the old one does not release it.
  local p = findItem(log, sub(item, 17, 33), false)
  if p then
    if pending(sub(log, p, p)) then store(key, sub(log, 1, p + 1) .. sub(item, 11, 16) .. sub(log, p + 8), keep + slack) end
    return 2
  end

  local l = questions(k)
  local counts, young = count(log, l, now - keep)
  for q = 1, l.n do
    if counts[q] >= l.limit[q] then
      if young ~= log then store(key, young, keep + slack) end
      return {q - 1, young}
    end
  end
  store(key, young .. sub(item, 9), keep + slack)
  return 1
end

local answers = {}
for i = 1, n do answers[i] = reserve(KEYS[i], ARGV[first + i]) end
return answers
