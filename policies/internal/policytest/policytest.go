// SPDX-License-Identifier: Apache-2.0

// Package policytest has what the tests of the policies share: instants,
// compiled documents and questions.
package policytest

import (
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Shanghai is the zone of the customers that Ask makes.
const Shanghai = "Asia/Shanghai"

// Zone loads a time zone.
func Zone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// At is a time of 2026 on Shanghai's clocks, such as "03-02 09:00".
func At(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+s, Zone(t, Shanghai))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Compile compiles one document.
func Compile(t testing.TB, document string) *ruleset.Set {
	t.Helper()
	set, err := ruleset.Compile([]ruleset.Source{{Name: "test.yaml", Data: []byte(document)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Ask makes a question about a touch with one leg.
func Ask(key, customer string, category touch.Category, channel touch.Channel, now time.Time) ruleset.Question {
	request := touch.Request{
		Key: key, Customer: customer, Category: category, Subject: "loan",
		Plan: []touch.Leg{{Channel: channel, Template: "offer"}},
	}
	return ruleset.Question{
		Touch:    &touch.Touch{ID: touch.NewID("caller", key), Caller: "caller", Request: request},
		Customer: &touch.Customer{ID: customer, Zones: []string{Shanghai}},
		Address:  "+8613800000000",
		Now:      now,
	}
}

// EmptyLog is a contact log that is known to hold nothing.
var EmptyLog = contactlog.Snapshot{Known: true}
