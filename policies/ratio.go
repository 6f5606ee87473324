package policies

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// Tallies counts what came of a campaign's contacts since an instant: how
// many had the outcome, or "delivered", "connected" or "attempts"; false when it is not known. It
// must be fast and safe for concurrent use.
type Tallies func(caller, campaign, outcome string, since time.Time) (int, bool)

// ratio demands that a campaign's share of one outcome stays low.
type ratio struct {
	of, over string
	max      float64
	min      int
	per      calendar.Span
}

func readRatio(c *compiler, n *yaml.Node, r *rule) demand {
	f := c.fields(n, "of", "over", "max", "per", "at_least")
	q := &ratio{of: c.text(f["of"]), over: c.text(f["over"]), min: 1}
	if q.of == "" || q.over == "" || f["max"] == nil || f["per"] == nil {
		c.fault(n, "such as ratio: {of: abandoned, over: connected, max: 3%, per: 30 days}", "a ratio has of, over, max and per")
		return q
	}
	q.max, q.per = c.percent(f["max"], "max"), c.span(f["per"], c.doc)
	if f["at_least"] != nil {
		q.min = c.number(f["at_least"], "at_least", 1, 1_000_000)
	}
	return q
}

// recheck is how long to wait before asking again for what only others can change.
const recheck = 15 * time.Minute

func (q *ratio) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	if e.q.Touch.Campaign == "" {
		return e.t
	}
	// The instant judged may lie ahead; the counts are those of now.
	if e.t.Sub(e.q.Now) >= recheck {
		return e.t
	}
	since := e.since(q.per, r)
	var part, whole int
	ok := e.set.tallies != nil
	if ok {
		var okPart, okWhole bool
		part, okPart = e.set.tallies(e.q.Touch.Caller, e.q.Touch.Campaign, q.of, since)
		whole, okWhole = e.set.tallies(e.q.Touch.Caller, e.q.Touch.Campaign, q.over, since)
		ok = okPart && okWhole
	}
	if f != nil {
		f.Since, f.Count, f.Limit = since, part, int(q.max*float64(whole))
	}
	if ok && (whole < q.min || float64(part) <= q.max*float64(whole)) {
		return e.t
	}
	if f != nil {
		f.Reason = "the campaign's counts are not known"
		if ok {
			f.Reason = fmt.Sprintf("%d %s of %d %s in %s", part, q.of, whole, q.over, q.per)
		}
	}
	return e.q.Now.Add(recheck)
}
