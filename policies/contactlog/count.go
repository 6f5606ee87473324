package contactlog

import (
	"cmp"
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Counts says whether the question counts e, by which it means that the log
// holds one contact more for it. Millisecond precision.
func (q *Question) Counts(e *Entry) bool {
	return q.Match.Selects(e) && (e.Pending || (e.Kind >= q.Match.MinKind && millis(e.At) >= millis(q.Since)))
}

// Count is how many of the entries the question counts.
func (q *Question) Count(entries []Entry) (n int) {
	for i := range entries {
		if q.Counts(&entries[i]) {
			n++
		}
	}
	return n
}

// Selects says whether e is of the kind of contact that m asks for, time and
// how far it came apart.
func (m *Match) Selects(e *Entry) bool {
	return (len(m.Channels) == 0 || slices.Contains(m.Channels, e.Channel)) &&
		(len(m.Categories) == 0 || slices.Contains(m.Categories, e.Category)) &&
		matchesHash(m.Subject, e.Subject) && matchesHash(m.Campaign, e.Campaign) && matchesHash(m.Address, e.Address) &&
		matchesHash(m.Caller, e.Caller) && matchesHash(m.Template, e.Template)
}

func matchesHash(asked, have uint64) bool { return asked == 0 || asked == have }

// Hash shortens a subject, campaign, address, caller or template for the log:
// 0 for "", otherwise a number of 24 bits that is not 0. Two names with one
// hash count as one, which errs on the strict side: a contact with another of
// 30 campaigns counts for this one too in two questions of a million.
func Hash(s string) uint64 {
	if s == "" {
		return 0
	}
	h := fnv1a(s)
	return max(1, (h>>48)^(h>>24&0xffffff)^(h&0xffffff))
}

// fnv1a is the 64-bit FNV-1a hash; hash/fnv would allocate.
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

// String names the kind as the ledger does.
func (k Kind) String() string {
	kinds := touch.ContactKinds()
	if int(k) >= len(kinds) {
		return string(touch.ContactAttempt)
	}
	return string(kinds[k])
}

// millis is t as the log keeps it: milliseconds since 1970, none before.
func millis(t time.Time) int64 { return min(max(0, t.UnixMilli()), 1<<48-1) }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// sortEntries puts the oldest first.
func sortEntries(es []Entry) {
	slices.SortFunc(es, func(a, b Entry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
}
