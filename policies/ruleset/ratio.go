package ruleset

import (
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// CountOutcomes counts how many of a campaign's contacts since an instant had an
// outcome, or were "delivered", "connected" or "attempts". It returns false if
// the count is not known. It must be fast and safe for concurrent use.
type CountOutcomes func(caller, campaign, outcome string, since time.Time) (int, bool)

// ratioRetry is how long to wait before a ratio is looked at again: only other
// touches can change it.
const ratioRetry = 15 * time.Minute

// talliedStages are what a ratio may count beside outcomes.
var talliedStages = []string{"attempts", "delivered", "connected"}

// ratio requires that a campaign's share of one outcome stays low.
type ratio struct {
	of, over string
	max      float64
	atLeast  int
	per      calendar.Span
}

func readRatio(c *ruleReader, n *yaml.Node, _ *rule) check {
	f := c.fields(n, "of", "over", "max", "per", "at_least")
	q := &ratio{of: c.text(f["of"]), over: c.text(f["over"]), atLeast: 1}
	if q.of == "" || q.over == "" || f["max"] == nil || f["per"] == nil {
		c.fault(n, "such as ratio: {of: abandoned, over: connected, max: 3%, per: 30 days}", "a ratio has of, over, max and per")
		return q
	}
	for _, part := range []*yaml.Node{f["of"], f["over"]} {
		if word := c.text(part); !slices.Contains(talliedStages, word) {
			c.readNames(part, outcomeName, "", word)
		}
	}
	q.max = c.percent(f["max"], "max")
	q.per = c.span(f["per"])
	if f["at_least"] != nil {
		q.atLeast = c.number(f["at_least"], "at_least", 1, 1_000_000)
	}
	return q
}

func (q *ratio) evaluate(e *evaluation, r *rule, f *touch.Finding) answer {
	if e.q.Touch.Campaign == "" {
		return satisfied
	}
	// The counts are those of now, and say nothing about an instant far ahead.
	retry := notBefore(e.q.Now.Add(ratioRetry), e.now)
	if retry.ok {
		return satisfied
	}

	since := e.since(q.per, &r.doc.clock)
	part, whole, known := q.counts(e, since)
	if f != nil {
		f.Since = since
		f.Count = part
		f.Limit = int(q.max * float64(whole))
	}
	if known && (whole < q.atLeast || float64(part) <= q.max*float64(whole)) {
		return satisfied
	}
	if f != nil {
		f.Reason = "the campaign's counts are not known"
		if known {
			f.Reason = fmt.Sprintf("%d %s of %d %s in %s", part, q.of, whole, q.over, q.per)
		}
	}
	return retry
}

func (q *ratio) counts(e *evaluation, since time.Time) (part, whole int, known bool) {
	if e.set.countOutcomes == nil {
		return 0, 0, false
	}
	t := e.q.Touch
	part, partKnown := e.set.countOutcomes(t.Caller, t.Campaign, q.of, since)
	whole, wholeKnown := e.set.countOutcomes(t.Caller, t.Campaign, q.over, since)
	return part, whole, partKnown && wholeKnown
}
