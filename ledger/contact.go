package ledger

import (
	"slices"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Contact is one leg that reached, or may have reached, the customer.
type Contact struct {
	Leg     int
	Channel touch.Channel
	At      time.Time
	Kind    touch.ContactKind
	Reports Reports
}

// mergeContact adds a contact, or merges it into the one of the same leg: the
// stronger kind and all reports stay.
func mergeContact(all []Contact, c Contact) []Contact {
	merged := make([]Contact, 0, len(all)+1)
	for _, old := range all {
		if old.Leg != c.Leg {
			merged = append(merged, old)
			continue
		}
		if c.Kind == touch.ContactUnknown || old.Kind.Rank() > c.Kind.Rank() {
			c.Kind = old.Kind
		}
		c.Reports = c.Reports.merge(old.Reports)
	}
	return append(merged, c)
}

// dropContact returns the contacts without that of a leg.
func dropContact(all []Contact, leg int) []Contact {
	var kept []Contact
	for _, c := range all {
		if c.Leg != leg {
			kept = append(kept, c)
		}
	}
	return kept
}

// Reports are what receipts have reported of one leg besides its delivery. Each
// report is kept once, so that a repeated receipt is no news. The zero value is
// empty.
type Reports struct {
	Read     bool
	Replied  bool
	Outcomes []string // sorted, without blanks
}

// readWord and repliedWord stand beside outcomes in the stored form. No outcome
// begins with a dot.
const (
	readWord    = ".read"
	repliedWord = ".replied"
)

// String is the stored form: the words of all reports, sorted, with blanks
// between them. "" when there is none.
func (r Reports) String() string {
	if !r.Read && !r.Replied && len(r.Outcomes) == 0 {
		return ""
	}
	words := slices.Clone(r.Outcomes)
	if r.Read {
		words = append(words, readWord)
	}
	if r.Replied {
		words = append(words, repliedWord)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// ParseReports reads the stored form.
func ParseReports(stored string) Reports {
	var r Reports
	for word := range strings.FieldsSeq(stored) {
		switch word {
		case readWord:
			r.Read = true
		case repliedWord:
			r.Replied = true
		default:
			r, _ = r.addOutcome(word)
		}
	}
	return r
}

// addOutcome adds an outcome and reports whether it is news. r itself stays as
// it is.
func (r Reports) addOutcome(outcome string) (Reports, bool) {
	outcome = strings.ReplaceAll(outcome, " ", "_")
	at, known := slices.BinarySearch(r.Outcomes, outcome)
	if known {
		return r, false
	}
	r.Outcomes = slices.Insert(slices.Clone(r.Outcomes), at, outcome)
	return r, true
}

func (r Reports) merge(other Reports) Reports {
	r.Read = r.Read || other.Read
	r.Replied = r.Replied || other.Replied
	for _, outcome := range other.Outcomes {
		r, _ = r.addOutcome(outcome)
	}
	return r
}
