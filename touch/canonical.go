package touch

import (
	"slices"
	"time"
)

// canonical returns the request in the one spelling of its meaning: instants in
// UTC, and what equals a default left out. Telephone numbers are in E.164
// already when a request reaches this package. The request is not changed.
func (r *Request) canonical() *Request {
	c := *r
	c.NotBefore = inUTC(r.NotBefore)
	c.ExpiresAt = inUTC(r.ExpiresAt)
	for i := range r.Plan {
		leg, changed := r.Plan[i].canonical()
		if !changed {
			continue
		}
		if &c.Plan[0] == &r.Plan[0] {
			c.Plan = slices.Clone(r.Plan)
		}
		c.Plan[i] = leg
	}
	return &c
}

func inUTC(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	utc := at.UTC()
	return &utc
}

// canonical returns the leg without what equals a default; changed says that
// there was something.
func (l *Leg) canonical() (c Leg, changed bool) {
	c = *l
	if c.Until != "" && c.Until == c.defaultUntil() {
		c.Until = ""
		changed = true
	}
	return c, changed
}

// defaultUntil is what ends the plan at a leg that does not say it.
func (l *Leg) defaultUntil() string {
	if l.Wait == 0 {
		return "sent"
	}
	return "delivered"
}
