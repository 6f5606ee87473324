package oracle

import (
	"slices"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Cap is a frequency rule as the oracle knows it: at most Limit contacts in any
// window.
type Cap struct {
	Rule  string
	Limit int
	// Rolling is the length of a sliding window; 0: the window is of the calendar.
	Rolling time.Duration
	// Unit returns the number of the calendar unit (day, week or month) of an
	// instant where the customer lives. A window is Units of them; the last one is
	// the unit of the contact itself.
	Unit  func(customer string, at time.Time) int
	Units int
	// By is what is counted separately, besides the customer.
	By []string
	// Match selects the contacts that count. Binds selects those of them that the
	// cap could have refused. nil selects all.
	Match func(touch.Category, touch.Channel) bool
	Binds func(touch.Category, touch.Channel) bool
}

// contact is one message that was received, with what caps need to know.
type contact struct {
	at       time.Time
	customer string
	category touch.Category
	channel  touch.Channel
}

func selects(f func(touch.Category, touch.Channel) bool, c contact) bool {
	return f == nil || f(c.category, c.channel)
}

// key returns the key under which the cap counts a leg of a touch.
func (c *Cap) key(claim *Claim, leg int) string {
	parts := []string{claim.Customer}
	for _, by := range c.By {
		switch by {
		case "subject":
			parts = append(parts, claim.Subject)
		case "campaign":
			parts = append(parts, claim.Campaign)
		case "channel":
			parts = append(parts, string(claim.Channels[leg]))
		case "category":
			parts = append(parts, string(claim.Category))
		}
	}
	return strings.Join(parts, "\x00")
}

// countOver counts the contacts that have at least Limit others before them in
// the window that ends with them. log are the contacts of one key that count.
func (c *Cap) countOver(log []contact) (n int) {
	slices.SortStableFunc(log, func(a, b contact) int { return a.at.Compare(b.at) })
	first := 0 // of the window that ends with contact i
	for i := range log {
		for !c.inWindow(log[first], log[i]) {
			first++
		}
		if i-first >= c.Limit && selects(c.Binds, log[i]) {
			n++
		}
	}
	return n
}

// inWindow reports whether early lies in the window that ends with late.
func (c *Cap) inWindow(early, late contact) bool {
	if c.Rolling > 0 {
		return late.at.Sub(early.at) <= c.Rolling // a contact exactly as old as the window still counts
	}
	return c.Unit(late.customer, late.at)-c.Unit(early.customer, early.at) < c.Units
}
