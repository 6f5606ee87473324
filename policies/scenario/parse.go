package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Parse reads a scenario file. It ignores keys that it does not know, because
// other engines may have keys of their own, and lists them in File.Unknown.
// Errors are of class Invalid.
func Parse(data []byte) (*File, error) {
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, touch.Errorf(touch.Invalid, "scenario", "the scenario cannot be read: %w", err)
	}
	f.Unknown = unknownKeys(data)

	if _, err := f.holidays(); err != nil {
		return nil, touch.Errorf(touch.Invalid, "holidays", "%w", err)
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil {
		return nil, touch.Errorf(touch.Invalid, "time_zone", "there is no zone %q", f.TimeZone)
	}
	for i, s := range f.Steps {
		field := fmt.Sprintf("steps[%d]", i)
		if err := s.check(); err != nil {
			return nil, touch.Errorf(touch.Invalid, field, "%w", err)
		}
		if i > 0 && s.At.Before(f.Steps[i-1].At) {
			return nil, touch.Errorf(touch.Invalid, field, "the steps are not in time order")
		}
	}
	return &f, nil
}

// check returns what is wrong with a step.
func (s *Step) check() error {
	switch s.Do {
	case "touch":
		if !s.Channel.Valid() || !s.Category.Valid() {
			return fmt.Errorf("there is no channel %q or no category %q", s.Channel, s.Category)
		}
		if s.Expect != "allow" && s.Expect != "deny" && s.Expect != "defer" {
			return errors.New("expect is allow, deny or defer")
		}
		if (s.Expect == "defer") == s.Until.IsZero() {
			return errors.New("until goes with defer")
		}
	case "outcome":
		if s.Outcome == "" {
			return errors.New("the outcome is missing")
		}
	case "consent", "revoke", "register", "unregister":
		if s.Scope == "" {
			return errors.New("the scope is missing")
		}
	case "customer":
	default:
		return fmt.Errorf("there is no step %q", s.Do)
	}
	if s.Customer == "" || s.At.IsZero() {
		return errors.New("a step has a customer and a time (at)")
	}
	return nil
}

// unknownKeys lists the keys that File and Step do not have, sorted.
func unknownKeys(data []byte) []string {
	var top map[string]json.RawMessage
	var steps []map[string]json.RawMessage
	if json.Unmarshal(data, &top) != nil || json.Unmarshal(top["steps"], &steps) != nil {
		return nil
	}
	var unknown []string
	for key := range top {
		if !hasKey(reflect.TypeFor[File](), key) {
			unknown = append(unknown, key)
		}
	}
	for i, step := range steps {
		for key := range step {
			if !hasKey(reflect.TypeFor[Step](), key) {
				unknown = append(unknown, fmt.Sprintf("steps[%d].%s", i, key))
			}
		}
	}
	slices.Sort(unknown)
	return unknown
}

// hasKey reports whether a struct has a field with the JSON key.
func hasKey(t reflect.Type, key string) bool {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == key && name != "-" {
			return true
		}
	}
	return false
}
