// SPDX-License-Identifier: Apache-2.0

// Package world is what a nemesis run is about: customers in four zones, a
// policy with rolling and calendar caps and quiet hours, and touches of every
// category, all made from a seed. The run's clock is set so that one zone's
// quiet hours begin, another's end and a third's day turns while it goes on.
package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"touchgate.dev/touch"
)

// Turn is the instant about which a run is laid: 20:00 in Shanghai, where
// quiet hours begin; 09:00 in São Paulo, where they end; midnight in
// Kamchatka, where a new day's caps begin; noon in Reykjavik.
var Turn = time.Date(2026, time.March, 10, 12, 0, 0, 0, time.UTC)

var zones = []string{"Asia/Shanghai", "America/Sao_Paulo", "Asia/Kamchatka", "Atlantic/Reykjavik"}

// Policy is the document that holds during a run.
const Policy = `policy: nemesis
zone: customer
rules:
  - id: quiet
    when: category in ["marketing", "collection"]
    hours: {mon-fri: ["09:00-20:00"], sat: ["09:00-20:00"], sun: ["09:00-20:00"]}
  - id: rolling
    when: category == "marketing"
    cap: {limit: 2, per: 45s, by: [customer]}
  - id: steady
    when: category in ["service", "collection"]
    cap: {limit: 3, per: 2m, by: [customer]}
  - id: daily
    when: category in ["marketing", "service", "collection"]
    cap: {limit: 12, per: 1 day, by: [customer]}
    else: refuse
`

// Open reports whether local time lies outside quiet hours, for Quiet below.
func Open(local time.Time) bool { return local.Hour() >= 9 && local.Hour() < 20 }

// Quiet are the categories that rest in quiet hours.
func Quiet() []touch.Category { return []touch.Category{touch.Marketing, touch.Collection} }

// Start is when a run of the given length begins on its own clock: two fifths
// of it lie before the turn.
func Start(length time.Duration) time.Time { return Turn.Add(-length * 2 / 5) }

// World makes customers and touches. It is for one goroutine.
type World struct {
	dice      *rand.Rand
	customers int
	crowd     int
	locations []*time.Location
	made      int
}

// visits is how many touches a customer gets on average while in the crowd:
// enough to meet every cap, the day's at last.
const visits = 25

// Customers is how many customers a run of so many touches needs.
func Customers(touches, crowd int) int { return crowd + touches/visits }

// New makes a world of so many customers. A crowd of them gets all touches at
// one time; it moves on through the world as touches are made, so that caps
// bind from the first minute of a run to its last.
func New(seed uint64, customers, crowd int) (*World, error) {
	w := &World{dice: rand.New(rand.NewPCG(seed, 7)), customers: customers, crowd: min(crowd, customers)}
	for _, z := range zones {
		l, err := time.LoadLocation(z)
		if err != nil {
			return nil, touch.Errorf(touch.Internal, "", "no time zones here: %w", err)
		}
		w.locations = append(w.locations, l)
	}
	return w, nil
}

// Customers lists everybody.
func (w *World) Customers() []touch.Customer {
	all := make([]touch.Customer, w.customers)
	for i := range all {
		all[i] = touch.Customer{
			ID: customer(i), Zones: []string{zones[i%len(zones)]},
			Addresses: map[touch.Channel]string{
				touch.SMS: fmt.Sprintf("+8613%09d", i), touch.Push: fmt.Sprintf("device-%d", i),
			},
		}
	}
	return all
}

func customer(i int) string { return fmt.Sprintf("n%06d", i) }

// Zone is where a customer lives; nil: not one of ours.
func (w *World) Zone(id string) *time.Location {
	var i int
	if _, err := fmt.Sscanf(id, "n%06d", &i); err != nil || i >= w.customers {
		return nil
	}
	return w.locations[i%len(w.locations)]
}

// Urgent makes a touch that must go at once.
func (w *World) Urgent(now time.Time) touch.Request {
	r := w.request(touch.Transactional, now.Add(10*time.Minute))
	r.Priority = 9
	if w.dice.IntN(5) == 0 {
		r.Category = touch.Service // urgent by its priority
	}
	r.Plan = []touch.Leg{w.leg(touch.SMS)}
	if w.dice.IntN(3) == 0 {
		r.Plan = []touch.Leg{w.first(touch.Push), w.leg(touch.SMS)}
	}
	return r
}

// Bulk makes a touch of a campaign.
func (w *World) Bulk(campaign string, now time.Time) touch.Request {
	category := touch.Marketing
	switch n := w.dice.IntN(100); {
	case n < 12:
		category = touch.Collection
	case n < 40:
		category = touch.Service
	}
	r := w.request(category, now.Add(90*time.Second+time.Duration(w.dice.IntN(90))*time.Second))
	r.Campaign, r.Priority = campaign, w.dice.IntN(9)
	switch n := w.dice.IntN(100); {
	case category == touch.Collection && n < 70:
		r.Plan = []touch.Leg{w.leg(touch.AICall)}
	case category == touch.Collection:
		r.Plan = []touch.Leg{w.first(touch.AICall), w.leg(touch.RMTask)}
	case n < 50:
		r.Plan = []touch.Leg{w.leg(touch.SMS)}
	case n < 65:
		r.Plan = []touch.Leg{w.leg(touch.Push)}
	case n < 75:
		r.Plan = []touch.Leg{w.leg(touch.Inbox)}
	case n < 82:
		r.Plan = []touch.Leg{w.leg(touch.Popup)}
	case n < 88:
		r.Plan = []touch.Leg{w.leg(touch.RMTask)}
	default:
		r.Plan = []touch.Leg{w.first(touch.Push), w.leg(touch.SMS)}
	}
	return r
}

// Later makes a touch for a time to come, which its caller may take back.
func (w *World) Later(now time.Time) touch.Request {
	r := w.Bulk("later", now.Add(time.Minute))
	at := now.Add(time.Duration(15+w.dice.IntN(15)) * time.Second)
	r.NotBefore = &at
	return r
}

// Chance is true in so many of a hundred cases.
func (w *World) Chance(percent int) bool { return w.dice.IntN(100) < percent }

func (w *World) request(category touch.Category, expires time.Time) touch.Request {
	w.made++
	expires = expires.Round(0)
	who := (w.made/visits + w.dice.IntN(w.crowd)) % w.customers
	return touch.Request{
		Key: fmt.Sprintf("k%08d", w.made), Customer: customer(who), Category: category,
		Subject: fmt.Sprintf("s%d", w.dice.IntN(3)), ExpiresAt: &expires,
	}
}

func (w *World) leg(c touch.Channel) touch.Leg {
	return touch.Leg{Channel: c, Content: &touch.Content{Title: "nemesis", Body: "a message of the nemesis"}}
}

// first makes a leg after which another one follows, unless it is delivered.
func (w *World) first(c touch.Channel) touch.Leg {
	l := w.leg(c)
	l.Wait, l.Until = touch.Duration(4*time.Second), "delivered"
	return l
}
