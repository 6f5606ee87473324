// SPDX-License-Identifier: Apache-2.0

// Package demodata generates a bank's campaign for the demo: customers in several
// time zones, their consents and suppressions, and touches over six channels. The
// same seed and size lead to the same campaign. Nothing in it belongs to a real
// person.
package demodata

import (
	"fmt"
	"math/rand/v2"
	"time"

	"touchgate.dev/touch"
)

// Campaign is the campaign of every generated touch.
const Campaign = "spring-offers"

// Start is when the demo's clock begins. It is a Tuesday, working time in Europe,
// early morning in America and late evening in East Asia, so that some customers
// always have quiet hours.
var Start = time.Date(2026, time.March, 10, 12, 30, 0, 0, time.UTC)

// World is all data of a demo.
type World struct {
	Customers []touch.Customer
	// Consents are in the order of Customers; nil: the customer was never asked.
	Consents [][]touch.Consent
	Listings []touch.Listing
	Touches  []touch.Request
}

// home is a place where customers live.
type home struct {
	zone, jurisdiction, prefix string
	weight                     int // in per cent
}

// homes are where customers live. Most of them are awake at Start.
var homes = []home{
	{"Europe/London", "gb", "+447700", 26},
	{"Europe/Berlin", "de", "+491511", 24},
	{"Africa/Johannesburg", "za", "+27821", 14},
	{"America/New_York", "us", "+12025", 12},
	{"Asia/Shanghai", "cn", "+8613800", 12},
	{"Asia/Kolkata", "in", "+919800", 6},
	{"America/Los_Angeles", "us", "+12135", 6},
}

// Make generates a world with n touches.
func Make(n int, seed uint64) World {
	g := generator{random: rand.New(rand.NewPCG(seed, 0))}
	var w World
	for i := range max(1, n/3) {
		g.customer(&w, i)
	}
	for i := range n {
		w.Touches = append(w.Touches, g.touch(w.Customers[g.random.IntN(len(w.Customers))], i))
	}
	return w
}

// generator draws the data.
type generator struct{ random *rand.Rand }

func (g generator) chance(percent int) bool { return g.random.IntN(100) < percent }

func (g generator) customer(w *World, i int) {
	h := g.home()
	c := touch.Customer{
		ID: fmt.Sprintf("c%06d", i), Zones: []string{h.zone}, Jurisdictions: []string{h.jurisdiction},
		Addresses: map[touch.Channel]string{
			touch.SMS:    fmt.Sprintf("%s%06d", h.prefix, i),
			touch.AICall: fmt.Sprintf("%s%06d", h.prefix, i),
		},
	}
	if g.chance(80) {
		c.Addresses[touch.Push] = fmt.Sprintf("device-%06d", i)
	}
	if g.chance(1) {
		c.Zones = nil // unknown: the strictest zone counts
	}
	w.Customers = append(w.Customers, c)
	w.Consents = append(w.Consents, g.consents())
	if g.chance(2) {
		w.Listings = append(w.Listings, touch.Listing{
			List: touch.Suppression, Key: touch.CustomerKey(c.ID), Since: Start.AddDate(0, -1, 0),
			Owner: "complaints desk", Reason: "complaint under investigation",
		})
	}
}

func (g generator) home() (h home) {
	n := g.random.IntN(100)
	for _, h = range homes {
		if n -= h.weight; n < 0 {
			return h
		}
	}
	return h
}

// consents draws the consents of a customer: most agreed, some withdrew, a few
// were never asked.
func (g generator) consents() []touch.Consent {
	given := touch.Consent{Scope: "marketing", Granted: true, At: Start.AddDate(-1, 0, 0), Evidence: "onboarding form"}
	switch {
	case g.chance(4):
		return nil
	case g.chance(6):
		return []touch.Consent{given, {Scope: "marketing", Granted: false, At: Start.AddDate(0, -2, 0), Evidence: "app settings"}}
	}
	return []touch.Consent{given}
}

func (g generator) touch(c touch.Customer, i int) touch.Request {
	r := touch.Request{
		Key: fmt.Sprintf("demo-%07d", i), Customer: c.ID, Campaign: Campaign,
		Category: touch.Marketing, Subject: g.pick("car-loan", "savings", "credit-card"),
	}
	switch n := g.random.IntN(100); {
	case n < 8:
		r.Category = touch.Transactional
		r.Subject = "payment"
		r.Priority = 9
	case n < 22:
		r.Category = touch.Service
		r.Subject = "statement"
		r.Priority = 5
	}
	r.Plan = g.plan(r.Category)
	if g.chance(3) {
		later := Start.Add(time.Duration(g.random.IntN(72)+24) * time.Hour)
		r.NotBefore = &later
	}
	return r
}

func (g generator) pick(words ...string) string { return words[g.random.IntN(len(words))] }

// plan draws one leg, or a leg that another one follows after a short wait unless
// it was delivered.
func (g generator) plan(category touch.Category) []touch.Leg {
	offer := map[string]string{"name": g.pick("Ada", "Bo", "Chi", "Dee"), "amount": fmt.Sprint(1000 * (1 + g.random.IntN(50)))}
	sms := touch.Leg{Channel: touch.SMS, Template: "demo-offer", Params: offer}
	push := touch.Leg{Channel: touch.Push, Template: "demo-offer", Params: offer}
	inbox := touch.Leg{Channel: touch.Inbox, Template: "demo-offer", Params: offer}
	popup := touch.Leg{Channel: touch.Popup, Template: "demo-offer", Params: offer}
	call := touch.Leg{Channel: touch.AICall, Template: "demo-offer", Params: offer}
	task := touch.Leg{
		Channel: touch.RMTask, Title: "Call about the offer",
		DueIn: touch.Duration(48 * time.Hour), Assign: &touch.Assignee{Queue: "retail"},
	}
	wait := func(l touch.Leg) touch.Leg {
		l.Wait = touch.Duration(2 * time.Second)
		l.Until = "delivered"
		return l
	}
	if category == touch.Transactional {
		return []touch.Leg{wait(push), sms}
	}
	switch n := g.random.IntN(100); {
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
