package proof

import (
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Cap is one frequency rule as the checker knows it: at most Limit contacts
// in any window.
type Cap struct {
	Rule  string
	Limit int
	// Rolling is the length of a window that slides; 0: Calendar holds.
	Rolling time.Duration
	// Calendar maps an instant to the name of the span that it lies in, for
	// example its date in the rule's zone.
	Calendar func(time.Time) string
	// By is what is counted apart beside the customer: "subject", "channel", "category".
	By []string
	// Applies selects the contacts; nil is all.
	Match func(touch.Category, touch.Channel) bool
}

// Applies reports whether the cap counts such a contact.
func (c *Cap) Applies(category touch.Category, channel touch.Channel) bool {
	return c.Match == nil || c.Match(category, channel)
}

func (c *Cap) key(claim *Claim, n int) string {
	parts := []string{claim.Customer}
	for _, by := range c.By {
		switch by {
		case "subject":
			parts = append(parts, claim.Subject)
		case "channel":
			parts = append(parts, string(claim.Channels[n]))
		case "category":
			parts = append(parts, string(claim.Category))
		}
	}
	return strings.Join(parts, "\x00")
}

// over counts the contacts that had Limit others in the window that they end.
// at is sorted.
func (c *Cap) over(at []time.Time) (n int) {
	if c.Rolling > 0 {
		for i := c.Limit; i < len(at); i++ {
			if at[i].Sub(at[i-c.Limit]) <= c.Rolling { // closed: exactly as old still counts
				n++
			}
		}
		return n
	}
	spans := map[string]int{}
	for _, t := range at {
		span := c.Calendar(t)
		if spans[span]++; spans[span] > c.Limit {
			n++
		}
	}
	return n
}
