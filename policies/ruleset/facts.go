package ruleset

import (
	"slices"
	"strings"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// facts answers what rules and conditions ask about one question, at one
// instant. It implements cond.Facts.
type facts struct {
	localTimes
	q   *Question
	leg *touch.Leg
	// vocabulary is the set's.
	vocabulary *Vocabulary
	residence  residence
	texts      [cond.NumVariables]string
}

var _ cond.Facts = (*facts)(nil)

// readTexts reads the text variables once for all conditions.
func (f *facts) readTexts() {
	t := f.q.Touch
	f.texts = [cond.NumVariables]string{
		cond.Category: string(t.Category),
		cond.Channel:  string(f.leg.Channel),
		cond.Subject:  t.Subject,
		cond.Campaign: t.Campaign,
		cond.Caller:   t.Caller,
		cond.Customer: t.Customer,
		cond.Template: f.leg.Template,
	}
}

// Text implements cond.Facts.
func (f *facts) Text(v cond.Variable) string { return f.texts[v] }

// Priority implements cond.Facts.
func (f *facts) Priority() int { return f.q.Touch.Priority }

// Had implements cond.Facts.
func (f *facts) Had(outcome string, span *calendar.Span, clock *cond.Clock, tr *cond.Trace) cond.Tri {
	if f.q.Customer == nil {
		return cond.False
	}
	value := cond.False
	for i := range f.q.Customer.Outcomes {
		o := &f.q.Customer.Outcomes[i]
		if o.Kind != outcome {
			continue
		}
		if o.At.After(f.now) {
			tr.Note(o.At)
			continue
		}
		switch f.runs(*span, o.At, clock, tr) {
		case cond.True:
			return cond.True
		case cond.Unknown:
			value = cond.Unknown
		}
	}
	return value
}

// Within implements cond.Facts.
func (f *facts) Within(name string, span *calendar.Span, clock *cond.Clock, tr *cond.Trace) cond.Tri {
	at, ok := f.instant(name, clock.Zones)
	if !ok {
		return cond.Unknown
	}
	if at.After(f.now) {
		tr.Note(at)
		return cond.False
	}
	return f.runs(*span, at, clock, tr)
}

// Passed implements cond.Facts.
func (f *facts) Passed(name string, clock *cond.Clock, tr *cond.Trace) cond.Tri {
	at, ok := f.instant(name, clock.Zones)
	if !ok {
		return cond.Unknown
	}
	tr.Note(at)
	return cond.Of(!at.After(f.now))
}

// Listed implements cond.Facts.
func (f *facts) Listed(list string, age *calendar.Span, clock *cond.Clock, tr *cond.Trace) cond.Tri {
	value := cond.False
	for i := range f.q.Listings {
		l := &f.q.Listings[i]
		if l.List != list || l.Key == touch.RegisterKey || !f.inScope(l.Scope) {
			continue
		}
		tr.Note(l.Since)
		if l.Until != nil {
			tr.Note(*l.Until)
		}
		if l.Since.After(f.now) || (l.Until != nil && !f.now.Before(*l.Until)) {
			continue
		}
		if age == nil {
			return cond.True
		}
		switch f.runs(*age, l.Since, clock, tr) {
		case cond.True:
			return cond.True
		case cond.Unknown:
			value = cond.Unknown
		}
	}
	return value
}

// Tagged implements cond.Facts.
func (f *facts) Tagged(tag string) cond.Tri {
	if f.q.Customer == nil {
		return cond.Unknown
	}
	return cond.Of(slices.Contains(f.q.Customer.Tags, tag))
}

// Attribute implements cond.Facts.
func (f *facts) Attribute(name string) (any, bool) {
	if f.q.Customer == nil {
		return nil, false
	}
	value, ok := f.q.Customer.Attributes[name]
	return value, ok && value != nil
}

// Preference implements cond.Facts.
func (f *facts) Preference(name string) (string, bool) {
	if f.q.Customer == nil {
		return "", false
	}
	value, ok := f.q.Customer.Preferences[name]
	return value, ok
}

// instant reads an attribute, or else a preference, that holds an RFC 3339
// instant or a date. A date is its midnight in the last of the zones.
func (f *facts) instant(name string, zones *cond.ZoneSet) (time.Time, bool) {
	value, ok := f.Attribute(name)
	if !ok {
		value, ok = f.Preference(name)
	}
	switch v := value.(type) {
	case time.Time:
		return v, ok
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t, true
		}
		if day, err := calendar.ParseDay(v); err == nil {
			return f.lastMidnight(day, zones), true
		}
	}
	return time.Time{}, false
}

// inScope reports whether a listing's scope covers the leg: "" is everything,
// otherwise it is a category, a channel or "category:channel".
func (f *facts) inScope(scope string) bool {
	if scope == "" {
		return true
	}
	category := string(f.q.Touch.Category)
	channel := string(f.leg.Channel)
	return scope == category || scope == channel || scope == category+":"+channel
}

// expand fills the placeholders in a name, such as "{subject}".
func (f *facts) expand(name string) string {
	if !strings.Contains(name, "{") {
		return name
	}
	t := f.q.Touch
	return strings.NewReplacer(
		"{subject}", t.Subject,
		"{channel}", string(f.leg.Channel),
		"{category}", string(t.Category),
		"{campaign}", t.Campaign,
		"{caller}", t.Caller,
	).Replace(name)
}

// placeholders are what expand fills.
var placeholders = []string{"{subject}", "{channel}", "{category}", "{campaign}", "{caller}"}
