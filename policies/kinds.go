package policies

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// hours demands that a weekly table is open wherever the customer may be.
type hours struct{ calendar.Hours }

func readHours(c *compiler, n *yaml.Node, _ *rule) demand {
	h := &hours{}
	h.Calendar = c.doc.calendar
	if n.Kind != yaml.MappingNode {
		c.fault(n, `such as {mon-fri: ["09:00-20:00"], sat: ["10:00-17:00"]}`, "hours are days with windows")
		return h
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			c.fault(key, "", "the key %q stands here twice", key.Value)
		}
		seen[key.Value] = true
		if key.Value == "margin" {
			d, err := touch.ParseDuration(c.text(value))
			if err != nil || d < 0 || d.Std() > 12*time.Hour {
				c.fault(value, "", "the margin is a duration such as 30s, at most 12h")
			}
			h.Margin = d.Std()
			continue
		}
		var windows []calendar.Window
		for _, text := range c.texts(value) {
			w, err := calendar.ParseWindow(text)
			if err != nil {
				c.fault(value, "", "%v", err)
				return h
			}
			windows = append(windows, w)
		}
		if err := h.Set(key.Value, windows); err != nil {
			c.fault(key, "", "%v", err)
		}
	}
	if !h.Opens() {
		c.fault(n, "to forbid it altogether use require", "the window never opens")
	}
	return h
}

func (h *hours) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	next, closed := e.t, ""
	for _, l := range e.locals(r.doc.place) {
		t, ok := h.Next(l)
		if !ok {
			next, closed = never, l.Zone.String()
			break
		}
		if t.After(next) {
			next, closed = t, l.Zone.String()
		}
	}
	if f != nil && closed != "" {
		f.Reason = "outside the hours in " + closed
	}
	return next
}

// own demands that the customer's own wishes are kept: hours that the
// customer blocked, or nothing at all until an instant.
type own struct{ quiet, hold string }

func readOwn(c *compiler, n *yaml.Node, _ *rule) demand {
	f := c.fields(n, "quiet", "hold")
	o := &own{c.text(f["quiet"]), c.text(f["hold"])}
	if (o.quiet == "") == (o.hold == "") {
		c.fault(n, "such as own: {quiet: quiet_hours}", "own names one preference: of blocked hours (quiet) or of an instant before which nothing goes out (hold)")
	}
	return o
}

func (o *own) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	customer := e.q.Customer
	if customer == nil {
		return e.t
	}
	if o.hold != "" {
		at, ok := e.instant(o.hold)
		_, isPreference := customer.Preferences[o.hold]
		_, isAttribute := customer.Attributes[o.hold]
		if !isPreference && !isAttribute || ok && !e.t.Before(at) {
			return e.t
		}
		if f != nil {
			f.Reason = "the customer wants nothing until then"
		}
		return at // never, where the wish cannot be read
	}
	wish, ok := customer.Preferences[o.quiet]
	if !ok || wish == "" {
		return e.t
	}
	table, err := calendar.ParseQuiet(wish)
	if err != nil {
		if f != nil {
			f.Reason = "the customer's hours cannot be read"
		}
		return never
	}
	next := e.t
	for _, l := range e.locals(r.doc.place) {
		t, ok := table.Next(l)
		if !ok {
			return never
		}
		next = later(next, t)
	}
	if f != nil && next.After(e.t) {
		f.Reason = "in the hours that the customer blocked"
	}
	return next
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// require demands that a condition holds.
type require struct{ met *condition }

func readRequire(c *compiler, n *yaml.Node, r *rule) demand {
	q := &require{c.condition(n)}
	if q.met != nil && q.met.consent {
		r.kind = "consent"
	}
	return q
}

func (q *require) holds(e *evaluation, _ *rule, f *touch.Finding) time.Time {
	met := e.judge(q.met)
	if met == yes {
		if f != nil {
			f.Evidence = e.evidence
		}
		return e.t
	}
	if f != nil {
		f.Reason = "not met: " + q.met.text
		if met == doubt {
			f.Reason = "a fact is missing for: " + q.met.text
		}
	}
	return never
}

// absent demands that customer and address are on none of some lists.
type absent struct {
	lists   []string
	grace   *calendar.Span
	checked *calendar.Span
}

var placeholders = []string{"{subject}", "{channel}", "{category}", "{campaign}", "{caller}"}

func readAbsent(c *compiler, n *yaml.Node, r *rule) demand {
	a := &absent{}
	r.kind = "list"
	lists := n
	if n.Kind == yaml.MappingNode {
		f := c.fields(n, "lists", "grace", "checked_within")
		if lists = f["lists"]; lists == nil {
			c.fault(n, "", "absent_from names its lists")
			return a
		}
		for key, to := range map[string]**calendar.Span{"grace": &a.grace, "checked_within": &a.checked} {
			if f[key] != nil {
				s := c.span(f[key], c.doc)
				*to = &s
			}
		}
	}
	a.lists = c.texts(lists)
	if len(a.lists) == 0 {
		c.fault(n, "", "absent_from names its lists")
	}
	for _, name := range a.lists {
		bare := name
		for _, p := range placeholders {
			bare = strings.ReplaceAll(bare, p, "x")
		}
		if bare == "" || len(name) > 64 || strings.ContainsAny(bare, "{} \t") {
			c.fault(lists, "placeholders are "+strings.Join(placeholders, " "), "%q is not the name of a list", name)
		}
	}
	return a
}

// suppress adds the rule that every set has.
func (s *Set) suppress() {
	doc := &document{name: "touchgate", floor: true, place: s.base}
	s.rules = append(s.rules, &rule{id: "suppression", kind: "list", doc: doc, decide: touch.Refuse,
		demand: &absent{lists: []string{touch.Suppression}}})
}

// expand fills the placeholders of a list's name.
func (e *evaluation) expand(name string) string {
	if !strings.Contains(name, "{") {
		return name
	}
	t := e.q.Touch
	return strings.NewReplacer("{subject}", t.Subject, "{channel}", string(e.leg.Channel), "{category}", string(t.Category),
		"{campaign}", t.Campaign, "{caller}", t.Caller).Replace(name)
}

func (a *absent) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	next := e.t
	for _, name := range a.lists {
		name = e.expand(name)
		var checked time.Time
		for i := range e.q.Listings {
			l := &e.q.Listings[i]
			if l.List != name {
				continue
			}
			if l.CheckedAt != nil {
				checked = later(checked, *l.CheckedAt)
			}
			if l.Key == registerKey || !e.inScope(l.Scope) {
				continue
			}
			begin := l.Since
			if a.grace != nil {
				begin = e.first(*a.grace, l.Since, r)
			}
			if begin.After(e.t) || (l.Until != nil && !e.t.Before(*l.Until)) {
				continue
			}
			if f != nil {
				f.Reason, f.Since = "listed in "+name, l.Since
			}
			if l.Until == nil {
				next = never
			} else if !next.IsZero() {
				next = later(next, *l.Until)
			}
		}
		if a.checked != nil {
			if at, ok := e.instant("checked:" + name); ok {
				checked = later(checked, at)
			}
			if checked.IsZero() || !e.first(*a.checked, checked, r).After(e.t) {
				next = never
				if f != nil {
					f.Reason = "the register " + name + " was not checked within " + a.checked.String()
				}
			}
		}
		if f != nil && !checked.IsZero() {
			f.Evidence = name + " checked " + checked.UTC().Format(time.RFC3339)
		}
	}
	return next
}

// registerKey is the key of a listing that stands for a whole register: it
// lists nobody and carries when the register was last taken over.
const registerKey = "*"

// inScope reports whether a listing's scope covers the touch: "" is
// everything, else a category, a channel or "category:channel".
func (e *evaluation) inScope(scope string) bool {
	if scope == "" {
		return true
	}
	category, channel := string(e.q.Touch.Category), string(e.leg.Channel)
	return scope == category || scope == channel || scope == category+":"+channel
}

// first is the earliest end of a span over the zones: the strict side for a
// period of grace.
func (e *evaluation) first(span calendar.Span, from time.Time, r *rule) (end time.Time) {
	for _, zone := range e.zonesOf(r.doc.place) {
		if t := span.End(from, zone, r.doc.calendar); end.IsZero() || t.Before(end) {
			end = t
		}
		if span.Absolute() {
			break
		}
	}
	return end
}

// last is the latest end of a span over the zones; never when it has none.
func (e *evaluation) last(span calendar.Span, from time.Time, r *rule) (end time.Time) {
	for _, zone := range e.zonesOf(r.doc.place) {
		t := span.End(from, zone, r.doc.calendar)
		if t.IsZero() {
			return never
		}
		end = later(end, t)
		if span.Absolute() {
			break
		}
	}
	return end
}

// duty demands that the template does what an allowed touch must do.
type duty struct{ names []string }

func readDuty(c *compiler, n *yaml.Node, _ *rule) demand {
	d := &duty{c.texts(n)}
	if len(d.names) == 0 || slices.Contains(d.names, "") {
		c.fault(n, "", "a duty has a name, such as opt-out-text")
	}
	return d
}

func (d *duty) holds(e *evaluation, _ *rule, f *touch.Finding) time.Time {
	for _, name := range d.names {
		if !slices.Contains(e.q.TemplateDuties, name) {
			if f != nil {
				f.Reason = "the template does not fulfil the duty " + name
			}
			return never
		}
	}
	return e.t
}

// holdout keeps a part of the customers without contact, to measure by.
type holdout struct {
	key      string
	share    float64
	campaign bool
}

func readHoldout(c *compiler, n *yaml.Node, r *rule) demand {
	f := c.fields(n, "share", "key", "by")
	h := &holdout{key: c.text(f["key"])}
	if f["share"] == nil || h.key == "" {
		c.fault(n, "such as holdout: {share: 5%, key: winter-2026}", "a holdout has a share and a key")
		return h
	}
	h.share = c.percent(f["share"], "the share")
	h.campaign = slices.Contains(c.words(f["by"], "key of a holdout", []string{"customer", "campaign"}), "campaign")
	if !r.until.set {
		c.fault(n, "", "a holdout has an end: set the rule's until")
	}
	return h
}

func (h *holdout) holds(e *evaluation, _ *rule, f *touch.Finding) time.Time {
	seed := h.key + "\x00" + e.q.Touch.Customer
	if h.campaign {
		seed += "\x00" + e.q.Touch.Campaign
	}
	sum := sha256.Sum256([]byte(seed))
	if float64(binary.BigEndian.Uint64(sum[:8])) >= h.share*math.MaxUint64 {
		return e.t
	}
	if f != nil {
		f.Reason = "held out by " + h.key
	}
	return never
}

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

// uncounted takes the contacts that it matches out of every count: notices
// required by law, for example.
type uncounted struct{}

func readUncounted(c *compiler, n *yaml.Node, r *rule) demand {
	if !c.bool(n) {
		c.fault(n, "", "uncounted is true or absent")
	}
	c.hidden = append(c.hidden, r)
	return uncounted{}
}

func (uncounted) holds(e *evaluation, r *rule, _ *touch.Finding) time.Time {
	e.uncounted = e.uncounted || !r.shadow
	return e.t
}
