package policies

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// hours demands that a weekly table is open wherever the customer may be.
type hours struct {
	calendar.Hours
	closed   bool // never open
	hopeless bool // for a customer who may be anywhere, see meets
}

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
	if h.closed = !h.Opens(); h.closed {
		c.fault(n, "to forbid it altogether use require", "the window never opens")
	}
	h.hopeless = !h.meets(c.doc.place.unknown)
	return h
}

// checkHours refuses hours of one document that always hold together and are
// never open together: what they bind could never go out.
func (c *compiler) checkHours() {
	told := map[*rule]bool{}
	for pair := range c.set.index {
		open := map[*document]*calendar.Common{}
		for _, r := range c.set.rules {
			h, ok := r.demand.(*hours)
			if !ok || told[r] || h.closed || !r.always(pair) {
				continue
			}
			if open[r.doc] == nil {
				open[r.doc] = &calendar.Common{}
			}
			if told[r] = !open[r.doc].Add(&h.Hours); told[r] {
				*c.faults = append(*c.faults, touch.Fault{File: r.doc.file, Line: r.line, Message: fmt.Sprintf("the hours of %q are never open together with those of the rules before it", r.id)})
			}
		}
	}
}

// always reports whether r binds a pair of category and channel whatever the
// facts and the date.
func (r *rule) always(pair int) bool {
	return (r.when == nil || r.when.must.has(pair)) && r.unless == nil && r.presumption == nil && !r.shadow && !r.from.set && !r.until.set && len(r.waivers) == 0
}

// meets reports whether the table, holidays apart, is ever open in all zones at
// once. Zones that are many are fixed ones (everywhere), where two weeks show
// all there is; a few are left to be searched when a touch is judged.
func (h *hours) meets(zones []*time.Location) bool {
	if len(zones) <= 8 {
		return true
	}
	plain := h.Hours
	plain.Calendar = nil
	begin := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for t := begin; t.Before(begin.AddDate(0, 0, 14)); {
		latest := t
		for _, zone := range zones {
			next, ok := plain.Next(calendar.At(t, zone))
			if !ok {
				return false
			}
			latest = later(latest, next)
		}
		if latest.Equal(t) {
			return true
		}
		t = latest
	}
	return false
}

func (h *hours) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	if h.hopeless && r.doc.place.fixed == nil && len(e.zones) == 0 {
		if f != nil {
			f.Reason = "the customer's zone is not known, and the hours have nothing in common everywhere"
		}
		return never
	}
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
