package cond

import (
	"time"

	"touchgate.dev/policies/calendar"
)

// Facts answers what conditions ask about one touch and its customer, at one
// instant. Methods that depend on time note in the trace when their answer may
// change. A span or grace that is nil is not asked for.
type Facts interface {
	// Text is the value of a text variable of the touch.
	Text(v Variable) string
	// Priority is the touch's priority.
	Priority() int

	// Consented reports whether the last statement on the scope is a grant
	// that holds, and is no older than age. It puts the evidence into the trace.
	Consented(scope string, age *calendar.Span, clock *Clock, tr *Trace) Tri
	// Revoked reports whether the last statement on the scope is a
	// revocation, made so long ago that the grace is over. With ofConsent there
	// is a grace only for a revocation that ended a consent.
	Revoked(scope string, grace *calendar.Span, ofConsent bool, clock *Clock, tr *Trace) Tri
	// Had reports whether the customer had this outcome within the span.
	Had(outcome string, span *calendar.Span, clock *Clock, tr *Trace) Tri
	// Within reports whether the instant in an attribute or preference lies in
	// the past, within the span.
	Within(name string, span *calendar.Span, clock *Clock, tr *Trace) Tri
	// Passed reports whether the instant in an attribute or preference has come.
	Passed(name string, clock *Clock, tr *Trace) Tri
	// Listed reports whether the customer or the address is on the list, and has
	// been for no longer than age.
	Listed(list string, age *calendar.Span, clock *Clock, tr *Trace) Tri

	// Tagged reports whether the customer has the tag.
	Tagged(tag string) Tri
	// Resident reports whether the customer lives in the jurisdiction. It is
	// Unknown for one who may: who lives in "us" may live in "us-fl".
	Resident(jurisdiction string) Tri
	// Attribute is a customer's attribute; false if it is missing.
	Attribute(name string) (any, bool)
	// Preference is a customer's preference; false if it is missing.
	Preference(name string) (string, bool)
}

// Variable is a text variable of a touch.
type Variable uint8

// The text variables, in the order in which variableNames lists them.
const (
	Category Variable = iota
	Channel
	Subject
	Campaign
	Caller
	Customer
	Template

	// NumVariables is how many there are.
	NumVariables
)

var variableNames = [NumVariables]string{"category", "channel", "subject", "campaign", "caller", "customer", "template"}

// variableOf finds a text variable by its name.
func variableOf(name string) (Variable, bool) {
	for i, n := range variableNames {
		if n == name {
			return Variable(i), true
		}
	}
	return 0, false
}

// Trace collects, while facts are read, what an answer rests on.
type Trace struct {
	// Now is the instant asked about.
	Now time.Time
	// Change is the first instant after Now at which the answer may change by
	// itself; zero if there is none.
	Change time.Time
	// Evidence is where the proof of the last consent lies.
	Evidence string
	// Uncovered is set if the answer rests on dates that this calendar does not
	// cover: then nobody knows it yet.
	Uncovered *calendar.Calendar
}

// Note records an instant at which an answer may change. Only the first one
// after Now is kept. This is what makes the "until" of a deferral exact.
func (tr *Trace) Note(t time.Time) {
	if t.After(tr.Now) && (tr.Change.IsZero() || t.Before(tr.Change)) {
		tr.Change = t
	}
}
