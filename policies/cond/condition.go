package cond

import (
	"cel.dev/cel-go/cel"

	"touchgate.dev/policies/calendar"
)

// Condition is one compiled expression. Rules with the same text and clock
// share it. It is read-only.
type Condition struct {
	text          string
	slot          int // in an evaluator's memos
	program       cel.Program
	fast          fastPart
	clock         Clock
	spans         map[string]*calendar.Span // that the text writes out
	reads         []Read
	contacts      []Contacts
	contactsKnown bool
	may, must     ScopeSet
	consent       bool // it asks consented or revoked
	grants        bool // it asks consented
}

// Text is the expression as it was written.
func (c *Condition) Text() string { return c.text }

// May is the set of scopes for which the condition can hold.
func (c *Condition) May() ScopeSet { return c.may }

// Must is the set of scopes for which it holds whatever the facts are.
func (c *Condition) Must() ScopeSet { return c.must }

// AsksForConsent reports whether it calls consented or revoked.
func (c *Condition) AsksForConsent() bool { return c.consent }

// CountsBusinessDays reports whether it needs a calendar of business days.
func (c *Condition) CountsBusinessDays() bool {
	for _, span := range c.spans {
		if span.Business() {
			return true
		}
	}
	return false
}
