package contactlog

import (
	"cmp"
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Counts reports whether the question counts an entry. Times are compared in
// milliseconds.
func (q *Question) Counts(e *Entry) bool {
	return q.Match.Reached(e) && (e.Pending || millis(e.At) >= millis(q.Since)) && q.Match.Selects(e)
}

// Count returns how many of the entries the question counts.
func (q *Question) Count(entries []Entry) (n int) {
	for i := range entries {
		if q.Counts(&entries[i]) {
			n++
		}
	}
	return n
}

// Hash shortens a subject, campaign, address, caller or template for the log: 0
// for "", otherwise a number of 24 bits that is not 0. Two names with the same
// hash count as one, which is the strict side. With 30 campaigns that happens in
// two of a million questions.
func Hash(s string) uint64 {
	if s == "" {
		return 0
	}
	h := fnv1a(s)
	return max(1, (h>>48)^(h>>24&0xffffff)^(h&0xffffff))
}

// fnv1a returns the 64-bit FNV-1a hash. Package hash/fnv would allocate.
func fnv1a(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// KindOf returns the number that contact logs hold for a kind of contact. An
// unknown kind is an attempt.
func KindOf(k touch.ContactKind) Kind { return Kind(k.Rank()) }

// String returns the ledger's word for the kind.
func (k Kind) String() string {
	kinds := touch.ContactKinds()
	if int(k) >= len(kinds) {
		return string(touch.ContactAttempt)
	}
	return string(kinds[k])
}

// millis returns a time as the log keeps it: milliseconds since 1970, 0 before.
func millis(t time.Time) int64 { return min(max(0, t.UnixMilli()), 1<<48-1) }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// sortEntries sorts entries, the oldest first.
func sortEntries(es []Entry) {
	slices.SortFunc(es, func(a, b Entry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
}
