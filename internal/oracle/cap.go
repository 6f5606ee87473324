package oracle

import (
	"slices"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Cap is one frequency rule as the checker knows it: at most Limit contacts in
// any window.
type Cap struct {
	Rule  string
	Limit int
	// Rolling is the length of a window that slides; 0: the calendar holds.
	Rolling time.Duration
	// Unit counts calendar units (days, weeks, months) where the customer
	// lives; a window is Units of them, the last being the contact's own.
	Unit  func(customer string, at time.Time) int
	Units int
	// By is what is counted apart beside the customer.
	By []string
	// Match selects the contacts that are counted, Binds those among them that
	// may not be one too many; nil is all.
	Match, Binds func(touch.Category, touch.Channel) bool
}

// contact is one message that was taken, with what caps ask about it.
type contact struct {
	at       time.Time
	customer string
	category touch.Category
	channel  touch.Channel
}

func selects(f func(touch.Category, touch.Channel) bool, c contact) bool {
	return f == nil || f(c.category, c.channel)
}

// key names the log that the contact is counted in.
func (c *Cap) key(claim *Claim, n int) string {
	parts := []string{claim.Customer}
	for _, by := range c.By {
		switch by {
		case "subject":
			parts = append(parts, claim.Subject)
		case "campaign":
			parts = append(parts, claim.Campaign)
		case "channel":
			parts = append(parts, string(claim.Channels[n]))
		case "category":
			parts = append(parts, string(claim.Category))
		}
	}
	return strings.Join(parts, "\x00")
}

// over counts the contacts that had Limit others before them in the window
// that they end. It takes the counted contacts of one key.
func (c *Cap) over(log []contact) (n int) {
	slices.SortStableFunc(log, func(a, b contact) int { return a.at.Compare(b.at) })
	first := 0 // of the window that ends at i
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

func (c *Cap) inWindow(early, late contact) bool {
	if c.Rolling > 0 {
		return late.at.Sub(early.at) <= c.Rolling // closed: exactly as old still counts
	}
	return c.Unit(late.customer, late.at)-c.Unit(early.customer, early.at) < c.Units
}
