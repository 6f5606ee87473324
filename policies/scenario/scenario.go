// SPDX-License-Identifier: Apache-2.0

// Package scenario plays a contact law's worked example against a set of
// policies: touches, outcomes, consents and register entries in time order,
// each touch with the answer that the law expects. The engine and a contact
// log do the judging; nothing is sent.
package scenario

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// File is a scenario in the shared format.
type File struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Source   string `json:"source"`
	Rule     string `json:"rule"`
	TimeZone string `json:"time_zone"`
	// Jurisdictions, where given, are every customer's.
	Jurisdictions []string `json:"jurisdictions,omitempty"`
	Holidays      []string `json:"holidays"`
	Steps         []Step   `json:"steps"`
	// Unknown names the keys that were passed over: "steps[3].subjct".
	Unknown []string `json:"-"`
}

// Step is one thing that happens.
type Step struct {
	At       time.Time      `json:"at"`
	Do       string         `json:"do"` // touch, outcome, consent, revoke, register, unregister, customer
	Channel  touch.Channel  `json:"channel,omitempty"`
	Category touch.Category `json:"category,omitempty"`
	Subject  string         `json:"subject,omitempty"`
	Customer string         `json:"customer"`
	Outcome  string         `json:"outcome,omitempty"`
	Scope    string         `json:"scope,omitempty"`
	Campaign string         `json:"campaign,omitempty"`
	Template string         `json:"template,omitempty"`
	Duties   []string       `json:"duties,omitempty"`   // that the template fulfils
	Caller   string         `json:"caller,omitempty"`   // "" is "scenario"
	Address  string         `json:"address,omitempty"`  // "" is one of the customer's own
	Evidence string         `json:"evidence,omitempty"` // of a consent
	// Zones, Jurisdictions, Tags, Preferences and Attributes are facts that a "customer" step sets.
	Zones         []string          `json:"zones,omitempty"`
	Jurisdictions []string          `json:"jurisdictions,omitempty"`
	Tags          []string          `json:"tags,omitempty"`
	Preferences   map[string]string `json:"preferences,omitempty"`
	Attributes    map[string]any    `json:"attributes,omitempty"`
	Expect        string            `json:"expect,omitempty"` // allow, deny, defer
	// Until is the instant expected with defer, and the end of a consent or listing.
	Until time.Time `json:"until,omitzero"`
	Why   string    `json:"why,omitempty"`
}

// Parse reads a scenario. Keys that it doesn't know are passed over, for other
// engines may have their own; File.Unknown names them. Errors are of class
// Invalid.
func Parse(data []byte) (*File, error) {
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, touch.Errorf(touch.Invalid, "scenario", "the scenario cannot be read: %w", err)
	}
	f.Unknown = unknown(data)
	if _, err := f.holidays(); err != nil {
		return nil, touch.Errorf(touch.Invalid, "holidays", "%w", err)
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil {
		return nil, touch.Errorf(touch.Invalid, "time_zone", "there is no zone %q", f.TimeZone)
	}
	for i, s := range f.Steps {
		if err := s.check(); err != nil {
			return nil, touch.Errorf(touch.Invalid, fmt.Sprintf("steps[%d]", i), "%w", err)
		}
		if i > 0 && s.At.Before(f.Steps[i-1].At) {
			return nil, touch.Errorf(touch.Invalid, fmt.Sprintf("steps[%d]", i), "the steps are not in time order")
		}
	}
	return &f, nil
}

// unknown lists the keys that neither File nor Step has.
func unknown(data []byte) (keys []string) {
	var raw map[string]json.RawMessage
	var steps []map[string]json.RawMessage
	if json.Unmarshal(data, &raw) != nil || json.Unmarshal(raw["steps"], &steps) != nil {
		return nil
	}
	for k := range raw {
		if !known(reflect.TypeFor[File](), k) {
			keys = append(keys, k)
		}
	}
	for i, step := range steps {
		for k := range step {
			if !known(reflect.TypeFor[Step](), k) {
				keys = append(keys, fmt.Sprintf("steps[%d].%s", i, k))
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func known(t reflect.Type, key string) bool {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == key && name != "-" {
			return true
		}
	}
	return false
}

func (s *Step) check() error {
	switch s.Do {
	case "touch":
		if !s.Channel.Valid() || !s.Category.Valid() {
			return fmt.Errorf("there is no channel %q or no category %q", s.Channel, s.Category)
		}
		if s.Expect != "allow" && s.Expect != "deny" && s.Expect != "defer" {
			return fmt.Errorf("expect is allow, deny or defer")
		}
		if (s.Expect == "defer") == s.Until.IsZero() {
			return fmt.Errorf("until goes with defer")
		}
	case "outcome":
		if s.Outcome == "" {
			return fmt.Errorf("the outcome is missing")
		}
	case "consent", "revoke", "register", "unregister":
		if s.Scope == "" {
			return fmt.Errorf("the scope is missing")
		}
	case "customer":
	default:
		return fmt.Errorf("there is no step %q", s.Do)
	}
	if s.Customer == "" || s.At.IsZero() {
		return fmt.Errorf("a step has a customer and a time (at)")
	}
	return nil
}

func (f *File) holidays() ([]calendar.Day, error) {
	var days []calendar.Day
	for _, s := range f.Holidays {
		d, err := calendar.ParseDay(s)
		if err != nil {
			return nil, err
		}
		days = append(days, d)
	}
	return days, nil
}

// Options are o with the scenario's holidays and zone: compile the policies
// with them.
func (f *File) Options(o policies.Options) policies.Options {
	days, _ := f.holidays() // checked by Parse
	o.Holidays = append(o.Holidays[:len(o.Holidays):len(o.Holidays)], days...)
	return o
}
