// SPDX-License-Identifier: Apache-2.0

// Package scenario runs the worked example of a contact law against a set of
// policies. An example has touches, outcomes, consents and register entries in
// order of time, and for each touch the answer that the law expects. The policy
// engine and a contact log give the answers; nothing is sent.
package scenario

import (
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// File is a scenario file (JSON).
type File struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Source   string `json:"source"`
	Rule     string `json:"rule"`
	TimeZone string `json:"time_zone"`
	// Jurisdictions are those of every customer, where the file names any.
	Jurisdictions []string `json:"jurisdictions,omitempty"`
	Holidays      []string `json:"holidays"`
	Steps         []Step   `json:"steps"`
	// Unknown names the keys that Parse ignored: "steps[3].subjct".
	Unknown []string `json:"-"`
}

// Step is one thing that happens.
type Step struct {
	At          time.Time      `json:"at"`
	Do          string         `json:"do"` // touch, outcome, consent, revoke, register, unregister, customer
	Channel     touch.Channel  `json:"channel,omitempty"`
	Category    touch.Category `json:"category,omitempty"`
	Subject     string         `json:"subject,omitempty"`
	Customer    string         `json:"customer"`
	Outcome     string         `json:"outcome,omitempty"`
	Scope       string         `json:"scope,omitempty"`
	Campaign    string         `json:"campaign,omitempty"`
	Template    string         `json:"template,omitempty"`
	Obligations []string       `json:"duties,omitempty"`   // those that the template fulfils
	Caller      string         `json:"caller,omitempty"`   // default: "scenario"
	Address     string         `json:"address,omitempty"`  // default: an address of the customer
	Evidence    string         `json:"evidence,omitempty"` // of a consent
	// Zones, Jurisdictions, Tags, Preferences and Attributes are the facts
	// that a "customer" step sets.
	Zones         []string          `json:"zones,omitempty"`
	Jurisdictions []string          `json:"jurisdictions,omitempty"`
	Tags          []string          `json:"tags,omitempty"`
	Preferences   map[string]string `json:"preferences,omitempty"`
	Attributes    map[string]any    `json:"attributes,omitempty"`
	Expect        string            `json:"expect,omitempty"` // allow, deny, defer
	// Until is the expected instant of a deferral, or the end of a consent or
	// of a register entry.
	Until time.Time `json:"until,omitzero"`
	Why   string    `json:"why,omitempty"`
}

// Options returns o with the scenario's holidays added. Compile the policies
// with the result.
func (f *File) Options(o ruleset.Options) ruleset.Options {
	days, _ := f.holidays() // Parse has checked them
	// The full slice expression makes append copy: o's own list stays as it is.
	o.Holidays = append(o.Holidays[:len(o.Holidays):len(o.Holidays)], days...)
	return o
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

// end returns the end of a consent or register entry, nil for one without end.
func (s *Step) end() *time.Time {
	if s.Until.IsZero() {
		return nil
	}
	return &s.Until
}
