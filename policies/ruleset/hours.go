package ruleset

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// hours requires that a weekly table is open wherever the customer may be.
type hours struct {
	calendar.Hours
	closed bool // it never opens, or is faulty
	// hopeless is set if the table is never open in all of the document's
	// candidate zones at once: for a customer of unknown zone it never opens.
	hopeless bool
}

func readHours(c *ruleReader, n *yaml.Node, _ *rule) check {
	h := &hours{}
	h.Calendar = c.doc.clock.Calendar
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
				c.fault(value, windowHint(text), "%v", err)
				h.closed = true
				return h
			}
			windows = append(windows, w)
		}
		if err := h.Set(key.Value, windows); err != nil {
			c.fault(key, "", "%v", err)
			h.closed = true
			return h
		}
	}
	if h.UsesHolidays() {
		c.needsCalendar(n, "holiday, eve and workday")
	}
	if h.closed = !h.Opens(); h.closed {
		c.fault(n, "to forbid it altogether use require", "the window never opens")
	}
	h.hopeless = !h.meets(c.doc.clock.Zones.Unknown)
	return h
}

// windowHint is how a window is written that lacks its zeros: 09:00-20:00 for
// 9:00-20:00; "" if that is not what is wrong.
func windowHint(text string) string {
	var ends []string
	for end := range strings.SplitSeq(text, "-") {
		hour, minute, ok := strings.Cut(strings.TrimSpace(end), ":")
		if !ok {
			minute = "00"
		}
		if len(hour) == 1 {
			hour = "0" + hour
		}
		ends = append(ends, hour+":"+minute)
	}
	right := strings.Join(ends, "-")
	if _, err := calendar.ParseWindow(right); err != nil {
		return ""
	}
	return "did you mean " + right + "?"
}

// meets reports whether the table, holidays apart, is ever open in all zones at
// once. Many zones are fixed offsets (see everywhere), so that two weeks show
// every case. A few zones are searched only when a touch is evaluated.
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

func (h *hours) evaluate(e *evaluation, r *rule, f *touch.Finding) answer {
	zones := r.doc.clock.Zones
	if h.hopeless && zones.Fixed == nil && len(e.customer) == 0 {
		if f != nil {
			f.Reason = "the customer's zone is not known, and the hours have nothing in common everywhere"
		}
		return never
	}

	all := satisfied
	closedIn := ""
	uncovered := false
	for _, local := range e.locals(zones) {
		opens, ok := h.Next(local)
		if ok && !opens.After(e.now) {
			continue
		}
		// It is closed, or nobody knows whether the date is a holiday.
		perhaps, may := h.Perhaps(local)
		if may && (!ok || perhaps.Before(opens)) {
			uncovered = true
			opens = perhaps
			if !perhaps.After(e.now) {
				opens = e.q.Now.Add(calendarRetry)
				e.trace.Uncovered = h.Calendar
			}
		}
		if !may {
			all = never
			e.trace.Uncovered = nil
			closedIn = local.Zone.String()
			break
		}
		if a := notBefore(opens, e.now); !a.ok && (all.ok || opens.After(all.retryAt)) {
			all = a
			closedIn = local.Zone.String()
		}
	}
	if f != nil && closedIn != "" {
		f.Reason = "outside the hours in " + closedIn
		if uncovered && e.trace.Uncovered == nil {
			f.Reason = endReason(f.Reason, h.Calendar)
		}
	}
	return all
}
