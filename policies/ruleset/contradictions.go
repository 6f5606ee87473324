package ruleset

import (
	"fmt"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// checkExempt refuses rules that would hide contacts from a mandatory cap.
func (c *compiler) checkExempt() {
	for _, hiding := range c.set.rules {
		if _, ok := hiding.check.(exempt); !ok || hiding.doc.mandatory {
			continue
		}
		for _, r := range c.set.rules {
			if cp, ok := r.check.(*capRule); ok && r.doc.mandatory && cp.counted&hiding.scopes() != 0 {
				c.ruleFault(hiding, fmt.Sprintf("rule %q takes contacts out of the count that %q, part of a floor, counts", hiding.id, r.id))
			}
		}
	}
}

// checkHours refuses hours of one document that always bind together and are
// never open together: the touches that they bind could never go out.
func (c *compiler) checkHours() {
	reported := map[*rule]bool{}
	for scope := range cond.NumScopes {
		open := map[*document]*calendar.Common{}
		for _, r := range c.set.rules {
			h, ok := r.check.(*hours)
			if !ok || reported[r] || h.closed || !r.always(scope) {
				continue
			}
			if open[r.doc] == nil {
				open[r.doc] = &calendar.Common{}
			}
			if !open[r.doc].Add(&h.Hours) {
				reported[r] = true
				c.ruleFault(r, fmt.Sprintf("the hours of %q are never open together with those of the rules before it", r.id))
			}
		}
	}
}

func (c *compiler) ruleFault(r *rule, message string) {
	*c.faults = append(*c.faults, touch.Fault{File: r.doc.file, Line: r.line, Message: message})
}
