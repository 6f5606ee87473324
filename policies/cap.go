package policies

import (
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// limits demands, for each limit, that the customer's log holds fewer than so
// many contacts since an instant that the span gives.
type limits struct {
	each    []limit
	by      keys
	counted pairs // the contacts counted, whatever the leg
	// seen is what a leg of each pair counts: counted, narrowed by channel,
	// method and category.
	seen [numPairs]selection
	kind contactlog.Kind
	// ranked: a touch leaves places to those ahead of it, see ranked.go.
	ranked bool
}

// selection is categories × channels; an empty list is all of them.
type selection struct {
	none       bool
	categories []touch.Category
	channels   []touch.Channel
}

type limit struct {
	n   int
	per calendar.Span
}

var countNames = map[string]contactlog.Kind{"attempts": contactlog.Attempt, "delivered": contactlog.Delivered,
	"connected": contactlog.Connected, "conversations": contactlog.Conversation}

func readCap(c *compiler, n *yaml.Node, r *rule) demand {
	f := c.fields(n, "limit", "per", "limits", "by", "of", "count", "start")
	l := &limits{by: c.keys(f["by"], "customer", "subject", "campaign", "address", "caller", "template", "channel", "method", "category", "other_channels", "other_methods")}
	switch {
	case f["limits"] != nil && f["limit"] == nil && f["per"] == nil:
		for _, item := range c.items(f["limits"], "limits") {
			g := c.fields(item, "limit", "per")
			l.each = append(l.each, c.limit(item, g["limit"], g["per"]))
		}
	case f["limits"] == nil:
		l.each = []limit{c.limit(n, f["limit"], f["per"])}
	}
	if len(l.each) == 0 {
		c.fault(n, "such as cap: {limit: 3, per: 7d}", "a cap has limit and per, or a list of limits")
	}
	if w := c.text(f["count"]); w != "" {
		kind, ok := countNames[w]
		if !ok {
			c.fault(f["count"], "", "count is one of attempts, delivered, connected, conversations")
		}
		l.kind = kind
	}
	if w := c.text(f["start"]); w != "" {
		if l.ranked = w == "ranked"; !l.ranked {
			c.fault(f["start"], "", "start is ranked, or absent")
		} else if r.decide == touch.DecisionRefuse {
			c.fault(f["start"], "leave out else: refuse", "a touch that leaves its place to another waits, and is not refused")
		}
	}
	l.counted = r.pairs()
	if f["of"] != nil {
		cats, chans := c.contacts(f["of"])
		l.counted = product(cats, chans)
	}
	if !l.narrow() {
		c.fault(n, "say which: of: {categories: [marketing], channels: [sms, push]}", "the condition does not tell which contacts are counted")
	}
	return l
}

// narrow works out what a leg of each pair counts; false when that is no
// product of categories and channels.
func (l *limits) narrow() bool {
	for _, category := range categories {
		for _, channel := range channels {
			seen := l.counted
			if l.by&byCategory != 0 {
				seen &= product([]touch.Category{category}, nil)
			}
			if l.by&byChannel != 0 {
				seen &= product(nil, []touch.Channel{channel})
			}
			if l.by&byMethod != 0 {
				seen &= product(nil, method(channel))
			}
			if l.by&byOtherChannels != 0 {
				seen &^= product(nil, []touch.Channel{channel})
			}
			if l.by&byOtherMethods != 0 {
				seen &^= product(nil, method(channel))
			}
			cats, chans, ok := seen.product()
			if !ok {
				return false
			}
			l.seen[pairOf(category, channel)] = selection{seen == 0, cats, chans}
		}
	}
	return true
}

func (c *compiler) limit(at, n, per *yaml.Node) limit {
	if n == nil || per == nil {
		c.fault(at, "such as {limit: 3, per: 7d}", "a cap has limit and per, or a list of limits")
		return limit{n: 1}
	}
	return limit{c.number(n, "the limit", 1, 100_000), c.span(per, c.doc)}
}

// match selects the contacts that count for the leg being judged. A key that
// the touch does not have (no subject, no address) selects all: the strict side.
func (l *limits) match(e *evaluation) contactlog.Match {
	seen := &l.seen[e.pair]
	m := contactlog.Match{Channels: seen.channels, Categories: seen.categories, MinKind: l.kind}
	if l.by == 0 {
		return m
	}
	own := e.entry()
	if l.by&bySubject != 0 {
		m.Subject = own.Subject
	}
	if l.by&byCampaign != 0 {
		m.Campaign = own.Campaign
	}
	if l.by&byAddress != 0 {
		m.Address = own.Address
	}
	if l.by&byCaller != 0 {
		m.Caller = own.Caller
	}
	if l.by&byTemplate != 0 {
		m.Template = own.Template
	}
	return m
}

func (l *limits) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	if l.seen[e.pair].none {
		return e.t
	}
	if e.asking {
		return l.ask(e, r, f)
	}
	if !e.log.Known {
		if f != nil {
			f.Reason = "the contact log cannot be read"
		}
		return later(e.t, e.q.Now.Add(time.Minute))
	}
	next := e.t
	match := l.match(e)
	for i := range l.each {
		one := &l.each[i]
		since := e.since(one.per, r)
		count, oldest := e.count(match, since, one.n)
		blocked := count >= one.n
		if f != nil && (blocked || i == 0) && (f.Reason == "" || next.IsZero()) {
			f.Count, f.Limit, f.Since = count, one.n, since
			if blocked {
				f.Reason = fmt.Sprintf("%d of %d in %s", count, one.n, one.per)
			}
		}
		if !blocked || next.IsZero() {
			continue
		}
		free := e.last(one.per, oldest, r)
		if free.IsZero() {
			next = never
		} else {
			next = later(next, free)
		}
	}
	if next.Equal(e.t) {
		return l.yield(e, r, f)
	}
	return next
}

// ask leaves the questions to the contact log, which answers and reserves in
// one step.
func (l *limits) ask(e *evaluation, r *rule, f *touch.Finding) time.Time {
	if r.shadow {
		e.shadowCaps = true
		return e.t
	}
	match := l.match(e)
	for i := range l.each {
		since := e.since(l.each[i].per, r)
		e.asks = append(e.asks, contactlog.Question{Rule: r.id, Since: since, Limit: l.each[i].n, Match: match})
		if f != nil && i == 0 {
			f.Limit, f.Since = l.each[i].n, since
		}
	}
	if l.ranked && len(e.q.Ahead) > 0 {
		l.askRanked(e, r)
	}
	return e.t
}

// askRanked asks for the places of those ahead too, so that the log answers for
// all of them in the same step.
func (l *limits) askRanked(e *evaluation, r *rule) {
	if len(e.q.Ahead) > MaxAhead {
		e.asks = append(e.asks, contactlog.Question{Rule: r.id, Since: e.t}) // no place at all
		return
	}
	for _, k := range e.kept(r) {
		e.asks = append(e.asks, k.Question)
	}
}

// count gives how many contacts count since an instant, and the time of the
// n-th latest of them: the one that must leave the span before another fits. A
// pending contact is taken as made now. The log's grain is the millisecond.
func (e *evaluation) count(m contactlog.Match, since time.Time, n int) (count int, oldest time.Time) {
	e.times = e.times[:0]
	from, now := since.UnixMilli(), e.q.Now.UnixMilli()
	for i := range e.log.Entries {
		entry := &e.log.Entries[i]
		at := now
		if !entry.Pending {
			if at = entry.At.UnixMilli(); entry.Kind < m.MinKind {
				continue
			}
		}
		if at >= from && m.Selects(entry) && entry.ID != e.id() {
			e.times = append(e.times, at)
		}
	}
	if count = len(e.times); count < n {
		return count, never
	}
	slices.Sort(e.times)
	return count, time.UnixMilli(e.times[count-n]).UTC()
}
