package contactlog

import (
	"encoding/binary"
	"strings"

	"touchgate.dev/touch"
)

// This file packs entries, questions and notes as entry.lua and reserve.lua
// describe them. What is written here stays in Redis over upgrades: codes may
// be added and never changed.

var (
	channelCodes  = [...]touch.Channel{"", touch.SMS, touch.Push, touch.Popup, touch.Inbox, touch.AICall, touch.RMTask}
	categoryCodes = [...]touch.Category{"", touch.Marketing, touch.Service, touch.Transactional, touch.Collection}
)

const pendingBit = 128

// code gives a word's place among the codes, 0 for one without.
func code[T comparable](codes []T, word T) byte {
	for i, c := range codes {
		if c == word {
			return byte(i)
		}
	}
	return 0
}

// bits gives the set of words as a mask, all bits for an empty one.
func bits[T comparable](codes []T, words []T) (mask uint16) {
	for _, w := range words {
		mask |= 1 << code(codes, w)
	}
	if len(words) == 0 {
		return 1<<16 - 1
	}
	return mask
}

// appendHashes appends those of the hashes that are set; their mask goes to
// the place given.
func appendHashes(b []byte, mask int, hashes ...uint64) []byte {
	for i, h := range hashes {
		if h != 0 {
			b[mask] |= 1 << i
			b = binary.BigEndian.AppendUint32(b, uint32(h))
		}
	}
	return b
}

func appendMillis(b []byte, ms int64) []byte {
	return append(b, byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms))
}

func readMillis(s string) (ms int64) {
	for i := range 6 {
		ms = ms<<8 | int64(s[i])
	}
	return ms
}

func appendEntry(b []byte, e *Entry) []byte {
	start := len(b)
	b = append(b, byte(e.Kind)<<4|code(channelCodes[:], e.Channel), code(categoryCodes[:], e.Category)<<5)
	if e.Pending {
		b[start] |= pendingBit
	}
	b = appendMillis(b, millis(e.At))
	return appendHashes(b, start+1, e.Subject, e.Campaign, e.Address, e.Caller, e.Template)
}

// readEntry reads what appendEntry wrote; false: something else.
func readEntry(field, value string) (Entry, bool) {
	if len(value) < 8 {
		return Entry{}, false
	}
	channel, category, mask := int(value[0]&15), int(value[1]>>5), value[1]&31
	if channel >= len(channelCodes) || category >= len(categoryCodes) {
		return Entry{}, false
	}
	e := Entry{
		ID: readField(field), Pending: value[0]&pendingBit != 0, Kind: Kind(value[0] >> 4 & 7),
		Channel: channelCodes[channel], Category: categoryCodes[category], At: fromMillis(readMillis(value[2:])),
	}
	value = value[8:]
	for i, to := range []*uint64{&e.Subject, &e.Campaign, &e.Address, &e.Caller, &e.Template} {
		if mask&(1<<i) == 0 {
			continue
		}
		if len(value) < 4 {
			return Entry{}, false
		}
		*to = uint64(binary.BigEndian.Uint32([]byte(value[:4])))
		value = value[4:]
	}
	return e, true
}

// marker is the field that says under which epoch a log was loaded.
const marker = "e"

// fieldOf packs a dispatch id into 17 bytes, the last one below MaxLegs. Any
// other id stays as it is, with a mark at its end.
func fieldOf(id string) string {
	t, leg, err := touch.ParseDispatchID(id)
	if err != nil || touch.DispatchID(t, leg) != id {
		return id + "~"
	}
	return string(t[:]) + string(rune(leg))
}

func readField(f string) string {
	if last := len(f) - 1; last == len(touch.ID{}) && f[last] < touch.MaxLegs {
		return touch.DispatchID(touch.ID([]byte(f[:last])), int(f[last]))
	}
	return strings.TrimSuffix(f, "~")
}

func appendQuestion(b []byte, q *Question) []byte {
	limit := min(max(0, q.Limit), 1<<16-1)
	channels := bits(channelCodes[:], q.Match.Channels)
	b = appendMillis(b, millis(q.Since))
	b = append(b, byte(limit>>8), byte(limit), byte(channels>>8), byte(channels),
		byte(bits(categoryCodes[:], q.Match.Categories)), byte(q.Match.MinKind), 0)
	m := &q.Match
	return appendHashes(b, len(b)-1, m.Subject, m.Campaign, m.Address, m.Caller, m.Template)
}

// released is the note of a release.
const released = "r"

func noteText(s *Settlement) string {
	if s.Release {
		return released
	}
	var at int64
	if !s.At.IsZero() {
		at = millis(s.At)
	}
	b := append(appendMillis(make([]byte, 0, 64), at), byte(s.Kind))
	if s.Entry != nil {
		e := *s.Entry
		e.Pending = true // so that the settlement's time wins over the entry's
		b = appendEntry(b, &e)
	}
	return string(b)
}
