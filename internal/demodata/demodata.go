// SPDX-License-Identifier: Apache-2.0

// Package demodata makes up a bank's campaign for the demo: customers in several
// time zones, their consents and suppressions, and touches over six channels.
// The same seed and size give the same campaign, and nothing in it belongs to
// a real person.
package demodata

import (
	"fmt"
	"math/rand/v2"
	"time"

	"touchgate.dev/touch"
)

// Campaign is the name that every made-up touch carries.
const Campaign = "spring-offers"

// Start is the instant at which the demo's clock begins: a Tuesday on which it
// is working time in Europe, early morning in America and late evening in East
// Asia, so that quiet hours always show.
var Start = time.Date(2026, time.March, 10, 12, 30, 0, 0, time.UTC)

// World is everything a demo needs.
type World struct {
	Customers []touch.Customer
	// Consents are in order of Customers; nil where none was ever given.
	Consents [][]touch.Consent
	Listings []touch.Listing
	Touches  []touch.Request
}

// home is where some of the customers live.
type home struct {
	zone, jurisdiction, prefix string
	weight                     int // per cent
}

// zones weighs where customers live; most are awake at Start.
var zones = []home{
	{"Europe/London", "gb", "+447700", 26},
	{"Europe/Berlin", "de", "+491511", 24},
	{"Africa/Johannesburg", "za", "+278210", 14},
	{"America/New_York", "us", "+120255", 12},
	{"Asia/Shanghai", "cn", "+861380", 12},
	{"Asia/Kolkata", "in", "+919800", 6},
	{"America/Los_Angeles", "us", "+121355", 6},
}

// Make makes a world of n touches.
func Make(n int, seed uint64) World {
	m := maker{rng: rand.New(rand.NewPCG(seed, 0))}
	var w World
	for i := range max(1, n/3) {
		m.customer(&w, i)
	}
	for i := range n {
		w.Touches = append(w.Touches, m.touch(w.Customers[m.rng.IntN(len(w.Customers))], i))
	}
	return w
}

type maker struct{ rng *rand.Rand }

func (m maker) chance(percent int) bool { return m.rng.IntN(100) < percent }

func (m maker) customer(w *World, i int) {
	z := m.zone()
	c := touch.Customer{
		ID: fmt.Sprintf("c%06d", i), Zones: []string{z.zone}, Jurisdictions: []string{z.jurisdiction},
		Addresses: map[touch.Channel]string{
			touch.SMS:    fmt.Sprintf("%s%06d", z.prefix, i),
			touch.AICall: fmt.Sprintf("%s%06d", z.prefix, i),
		},
	}
	if m.chance(80) {
		c.Addresses[touch.Push] = fmt.Sprintf("device-%06d", i)
	}
	if m.chance(1) {
		c.Zones = nil // nobody knows where they live: the strictest reading holds
	}
	w.Customers = append(w.Customers, c)
	w.Consents = append(w.Consents, m.consents())
	if m.chance(2) {
		w.Listings = append(w.Listings, touch.Listing{
			List: touch.Suppression, Key: touch.CustomerKey(c.ID), Since: Start.AddDate(0, -1, 0),
			Owner: "complaints desk", Reason: "complaint under investigation",
		})
	}
}

func (m maker) zone() (z home) {
	n := m.rng.IntN(100)
	for _, z = range zones {
		if n -= z.weight; n < 0 {
			return z
		}
	}
	return z
}

// consents: most agreed, some took it back, a few were never asked.
func (m maker) consents() []touch.Consent {
	given := touch.Consent{Scope: "marketing", Granted: true, At: Start.AddDate(-1, 0, 0), Evidence: "onboarding form"}
	switch {
	case m.chance(4):
		return nil
	case m.chance(6):
		return []touch.Consent{given, {Scope: "marketing", Granted: false, At: Start.AddDate(0, -2, 0), Evidence: "app settings"}}
	}
	return []touch.Consent{given}
}

func (m maker) touch(c touch.Customer, i int) touch.Request {
	r := touch.Request{
		Key: fmt.Sprintf("demo-%07d", i), Customer: c.ID, Campaign: Campaign,
		Category: touch.Marketing, Subject: m.pick("car-loan", "savings", "credit-card"),
	}
	switch n := m.rng.IntN(100); {
	case n < 8:
		r.Category, r.Subject, r.Priority = touch.Transactional, "payment", 9
	case n < 22:
		r.Category, r.Subject, r.Priority = touch.Service, "statement", 5
	}
	r.Plan = m.plan(r.Category)
	if m.chance(3) {
		later := Start.Add(time.Duration(m.rng.IntN(72)+24) * time.Hour)
		r.NotBefore = &later
	}
	return r
}

func (m maker) pick(words ...string) string { return words[m.rng.IntN(len(words))] }

// plan is one leg, or a leg that falls back to others after a short wait.
func (m maker) plan(category touch.Category) []touch.Leg {
	offer := map[string]string{"name": m.pick("Ada", "Bo", "Chi", "Dee"), "amount": fmt.Sprint(1000 * (1 + m.rng.IntN(50)))}
	sms := touch.Leg{Channel: touch.SMS, Template: "demo-offer", Params: offer}
	push := touch.Leg{Channel: touch.Push, Template: "demo-offer", Params: offer}
	inbox := touch.Leg{Channel: touch.Inbox, Template: "demo-offer", Params: offer}
	popup := touch.Leg{Channel: touch.Popup, Template: "demo-offer", Params: offer}
	call := touch.Leg{Channel: touch.AICall, Template: "demo-offer", Params: offer}
	task := touch.Leg{Channel: touch.RMTask, Title: "Call about the offer", DueIn: touch.Duration(48 * time.Hour), Assign: &touch.Assignee{Queue: "retail"}}
	wait := func(l touch.Leg) touch.Leg {
		l.Wait, l.Until = touch.Duration(2*time.Second), "delivered"
		return l
	}
	if category == touch.Transactional {
		return []touch.Leg{wait(push), sms}
	}
	switch n := m.rng.IntN(100); {
	case n < 34:
		return []touch.Leg{sms}
	case n < 52:
		return []touch.Leg{push}
	case n < 64:
		return []touch.Leg{inbox}
	case n < 72:
		return []touch.Leg{popup}
	case n < 80:
		return []touch.Leg{call}
	case n < 84:
		return []touch.Leg{task}
	case n < 94:
		return []touch.Leg{wait(push), sms}
	}
	return []touch.Leg{wait(call), inbox}
}
