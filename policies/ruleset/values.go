package ruleset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// ValueKind is what a rule reads in the value of a preference or attribute.
type ValueKind string

// The kinds of values.
const (
	QuietHours ValueKind = "quiet hours" // "22:00-07:00; sat,sun 00:00-12:00"
	Instant    ValueKind = "instant"     // RFC 3339, or a date
	Number     ValueKind = "number"
	Flag       ValueKind = "flag" // true or false
	Text       ValueKind = "text"
)

// Values is a set of names of preferences or attributes, with what rules read in
// their values.
type Values struct {
	Names
	kinds map[string][]ValueKind // by name or pattern
}

// Kinds lists what rules read in the value of this name; none where no rule
// reads it, or only whether it is there.
func (v Values) Kinds(name string) []ValueKind {
	all := slices.Clone(v.kinds[name])
	for _, pattern := range v.patterns {
		if matchesPattern(name, pattern) {
			all = append(all, v.kinds[pattern]...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// add adds a name that a rule reads as a kind; "" is read as nothing.
func (v *Values) add(name string, kind ValueKind) {
	if v.kinds == nil {
		v.kinds = map[string][]ValueKind{}
	}
	if kind != "" && !slices.Contains(v.kinds[name], kind) {
		v.kinds[name] = append(v.kinds[name], kind)
	}
}

// CheckPreference says what is wrong with the value of a preference: nil if
// every rule that reads it can. The error is of class Invalid and its field
// "preferences.NAME". An empty value is no wish, and right.
func (v *Vocabulary) CheckPreference(name, value string) error {
	if value == "" {
		return nil
	}
	for _, kind := range v.Preferences.Kinds(name) {
		var ok bool
		switch kind {
		case QuietHours:
			_, err := calendar.ParseQuiet(value)
			ok = err == nil
		case Instant:
			ok = isInstant(value)
		default:
			ok = true // a preference is a text
		}
		if !ok {
			return unreadable("preferences."+name, kind)
		}
	}
	return nil
}

// CheckAttribute says what is wrong with the value of an attribute: nil if
// every rule that reads it can. The error is of class Invalid and its field
// "attributes.NAME". A null is no attribute, and right.
func (v *Vocabulary) CheckAttribute(name string, value any) error {
	if value == nil {
		return nil
	}
	for _, kind := range v.Attributes.Kinds(name) {
		if !readableAs(value, kind) {
			return unreadable("attributes."+name, kind)
		}
	}
	return nil
}

func readableAs(value any, kind ValueKind) bool {
	text, isText := value.(string)
	_, isFlag := value.(bool)
	switch kind {
	case Instant:
		_, isTime := value.(time.Time)
		return isTime || (isText && isInstant(text))
	case Number:
		switch value.(type) {
		case nil, bool, string, []any, map[string]any:
			return false
		}
		return true // a number of any type
	case Flag:
		return isFlag
	case Text:
		return isText
	}
	return true
}

func isInstant(text string) bool {
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		return true
	}
	_, err := calendar.ParseDay(text)
	return err == nil
}

// shapes say how to write each kind.
var shapes = map[ValueKind]string{
	QuietHours: "hours such as 22:00-07:00, with days before them if need be: mon-fri 22:00-07:00; sat,sun 00:00-12:00",
	Instant:    "a date such as 2026-08-11, or an instant such as 2026-08-11T09:00:00+02:00",
	Number:     "a number",
	Flag:       "true or false",
	Text:       "a text",
}

func unreadable(field string, kind ValueKind) error {
	return touch.Errorf(touch.Invalid, field, "%s", fmt.Sprintf("cannot be read by a rule in force: it reads %s", strings.TrimSpace(shapes[kind])))
}
