package contactlog

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"touchgate.dev/touch"
)

// This file encodes entries, questions and settlements as common.lua and
// reserve.lua describe them. What it writes stays in Redis over upgrades: codes
// may be added and never changed.

const (
	pendingBit = 128
	headSize   = 12 // of a log: epoch, and how far back it is complete
	idSize     = len(touch.ID{}) + 1
	idAt       = 8             // where the id of an entry begins
	hashesAt   = idAt + idSize // where its hashes begin
	hashSize   = 3             // of one hash
	foreignID  = 1<<8 - 1      // the last byte of an id that is no dispatch id
	maxNumber  = 1<<(6*8) - 1  // the largest number of six bytes
	numberSize = 6
	replidSize = 40 // of the replication id after a generation
)

// channelOf and categoryOf return the word of a code; code 0 is no word. They
// report false for a code of a later version.
func channelOf(code uint8) (touch.Channel, bool) {
	if code == 0 {
		return "", true
	}
	return touch.ChannelByLogCode(code)
}

func categoryOf(code uint8) (touch.Category, bool) {
	if code == 0 {
		return "", true
	}
	return touch.CategoryByLogCode(code)
}

// bits returns a mask with the codes of the words, or all bits if there are none.
// A word without a code has bit 0, like an entry without the word.
func bits[T interface{ LogCode() uint8 }](words []T) (mask uint16) {
	for _, w := range words {
		mask |= 1 << w.LogCode()
	}
	if len(words) == 0 {
		return 1<<16 - 1
	}
	return mask
}

// appendHashes appends the hashes that are not 0, and sets their bits in the byte
// at maskAt.
func appendHashes(b []byte, maskAt int, hashes ...uint64) []byte {
	for i, h := range hashes {
		if h != 0 {
			b[maskAt] |= 1 << i
			b = append(b, byte(h>>16), byte(h>>8), byte(h))
		}
	}
	return b
}

// appendNumber appends a number in six bytes, the most significant one first.
func appendNumber(b []byte, n int64) []byte {
	return append(b, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

func readNumber(s string) (n int64) {
	for i := range numberSize {
		n = n<<8 | int64(s[i])
	}
	return n
}

// appendSpan appends a duration in milliseconds.
func appendSpan(b []byte, d time.Duration) []byte {
	return appendNumber(b, min(max(0, d.Milliseconds()), maxNumber))
}

func readSpan(s string) time.Duration { return time.Duration(readNumber(s)) * time.Millisecond }

// appendID appends a dispatch id: the id of the touch and the leg. Of any other id
// it appends a hash, which reads back as a hash.
func appendID(b []byte, id string) []byte {
	t, leg, err := touch.ParseDispatchID(id)
	if err != nil || touch.DispatchID(t, leg) != id {
		sum := sha256.Sum256([]byte(id))
		return append(append(b, sum[:idSize-1]...), foreignID)
	}
	return append(append(b, t[:]...), byte(leg))
}

func readID(s string) string {
	t, leg := touch.ID([]byte(s[:idSize-1])), s[idSize-1]
	if leg >= touch.MaxLegs {
		return "?" + hex.EncodeToString(t[:])
	}
	return touch.DispatchID(t, int(leg))
}

// appendEntry appends an entry in the form of common.lua.
func appendEntry(b []byte, e *Entry) []byte {
	start := len(b)
	b = append(b, byte(e.Kind)<<4|e.Channel.LogCode(), e.Category.LogCode()<<5)
	if e.Pending {
		b[start] |= pendingBit
	}
	b = appendID(appendNumber(b, millis(e.At)), e.ID)
	return appendHashes(b, start+1, e.Subject, e.Campaign, e.Address, e.Caller, e.Template)
}

// readEntry reads an entry from the beginning of s and returns what follows; false
// if there is something else.
func readEntry(s string) (e Entry, rest string, ok bool) {
	if len(s) < hashesAt {
		return e, "", false
	}
	kind, mask := Kind(s[0]>>4&7), s[1]&31
	channel, channelKnown := channelOf(s[0] & 15)
	category, categoryKnown := categoryOf(s[1] >> 5)
	if kind > Conversation || !channelKnown || !categoryKnown {
		return e, "", false
	}
	e = Entry{
		ID: readID(s[idAt:hashesAt]), Pending: s[0]&pendingBit != 0, Kind: kind,
		Channel: channel, Category: category, At: fromMillis(readNumber(s[2:])),
	}
	s = s[hashesAt:]
	for i, to := range []*uint64{&e.Subject, &e.Campaign, &e.Address, &e.Caller, &e.Template} {
		if mask&(1<<i) == 0 {
			continue
		}
		if len(s) < hashSize {
			return e, "", false
		}
		*to = uint64(s[0])<<16 | uint64(s[1])<<8 | uint64(s[2])
		s = s[hashSize:]
	}
	return e, s, true
}

// readEntries returns the entries of a known log, the oldest first.
func readEntries(log string) ([]Entry, error) {
	if len(log) < headSize {
		return nil, errUnreadable
	}
	entries := make([]Entry, 0, (len(log)-headSize)/hashesAt)
	for rest := log[headSize:]; rest != ""; {
		e, after, ok := readEntry(rest)
		if !ok {
			return nil, errUnreadable
		}
		entries = append(entries, e)
		rest = after
	}
	sortEntries(entries)
	return entries, nil
}

// appendQuestion appends a question in the form of reserve.lua.
func appendQuestion(b []byte, q *Question) []byte {
	m := &q.Match
	limit := min(max(0, q.Limit), 1<<16-1)
	b = appendNumber(b, millis(q.Since))
	b = append(b, byte(limit>>8), byte(limit))
	for kind := Attempt; kind <= Conversation; kind++ {
		b = appendMask(b, m.countedChannels(kind))
	}
	b = append(b, byte(bits(m.Categories)), 0)
	b = appendHashes(b, len(b)-1, m.Subject, m.Campaign, m.Address, m.Caller, m.Template)

	b = append(b, byte(len(m.AnyOf)))
	for i := range m.AnyOf {
		a := &m.AnyOf[i]
		b = appendMask(b, bits(a.Channels))
		b = append(b, byte(bits(a.Categories)), byte(len(a.Terms)))
		for _, t := range a.Terms {
			field := byte(t.Field)
			if t.Not {
				field |= notBit
			}
			b = append(b, field, byte(len(t.Hashes)))
			for _, h := range t.Hashes {
				b = append(b, byte(h>>16), byte(h>>8), byte(h))
			}
		}
	}
	return b
}

// notBit marks a term that must not hold.
const notBit = 128

func appendMask(b []byte, mask uint16) []byte { return append(b, byte(mask>>8), byte(mask)) }

// The forms of settlements. A commit may be kept in an unknown log.
const (
	formRelease = 112 + iota
	formCommit
	formRecreate // a commit that may create the contact again
)

// appendSettlement appends a settlement in the form of common.lua.
func appendSettlement(b []byte, s *Settlement) []byte {
	form := byte(formCommit)
	kind := byte(s.Kind)
	at := int64(0)
	switch {
	case s.Release:
		form = formRelease
		kind = 0
	case s.Entry != nil:
		form = formRecreate
	}
	if !s.At.IsZero() {
		at = millis(s.At)
	}
	b = appendID(appendNumber(append(b, form, kind), at), s.ID)
	if form == formRecreate {
		e := *s.Entry
		e.ID = s.ID
		e.Pending = true // so that the settlement's time replaces the entry's
		b = appendEntry(b, &e)
	}
	return b
}
