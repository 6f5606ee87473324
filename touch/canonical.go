package touch

import (
	"slices"
	"time"
)

// canonical returns a copy of the request in which one meaning has one spelling:
// instants are in UTC, and a value that equals a default is left out. The
// gateway has already written telephone numbers in E.164. The request itself is
// not changed.
func (r *Request) canonical() *Request {
	c := *r
	c.NotBefore = inUTC(r.NotBefore)
	c.ExpiresAt = inUTC(r.ExpiresAt)
	for i := range r.Plan {
		leg, changed := r.Plan[i].canonical()
		if !changed {
			continue
		}
		if &c.Plan[0] == &r.Plan[0] { // the copy still shares the caller's array
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

// canonical returns a copy of the leg without the values that equal a default.
// changed reports whether there was one.
func (l *Leg) canonical() (c Leg, changed bool) {
	c = *l
	if c.Until != "" && c.Until == c.defaultUntil() {
		c.Until = ""
		changed = true
	}
	return c, changed
}

// defaultUntil returns the state that ends the plan at this leg if Until is "".
func (l *Leg) defaultUntil() string {
	if l.Wait == 0 {
		return "sent"
	}
	return "delivered"
}
