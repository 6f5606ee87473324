// SPDX-License-Identifier: Apache-2.0

// Package world makes what a nemesis run is about, from a seed: customers in
// four time zones, a policy with rolling and calendar caps and quiet hours, and
// touches of every category. The run's clock is set so that during the run
// quiet hours begin in one zone, end in another, and a third has midnight.
package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"touchgate.dev/touch"
)

// Turn is an instant in the middle of each run: 20:00 in Shanghai, where quiet
// hours begin; 09:00 in São Paulo, where they end; midnight in Kamchatka, where
// the caps of a new day begin; noon in Reykjavik.
var Turn = time.Date(2026, time.March, 10, 12, 0, 0, 0, time.UTC)

var zones = []string{"Asia/Shanghai", "America/Sao_Paulo", "Asia/Kamchatka", "Atlantic/Reykjavik"}

// Policy is the document in force during a run.
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

// Open reports whether a local time lies outside Policy's quiet hours.
func Open(local time.Time) bool { return local.Hour() >= 9 && local.Hour() < 20 }

// QuietCategories returns the categories that must not be sent in quiet hours.
func QuietCategories() []touch.Category { return []touch.Category{touch.Marketing, touch.Collection} }

// Start returns when a run of the given length begins on its own clock: two
// fifths of it lie before Turn.
func Start(length time.Duration) time.Time { return Turn.Add(-length * 2 / 5) }

// World makes customers and touches. It is not safe for concurrent use.
type World struct {
	random    *rand.Rand
	customers int
	crowd     int
	locations []*time.Location
	made      int // touches
}

// touchesEach is how many touches a customer gets on average while in the
// crowd: enough to reach every cap, also the one of a day.
const touchesEach = 25

// Customers returns how many customers a run of so many touches needs.
func Customers(touches, crowd int) int { return crowd + touches/touchesEach }

// New makes a world of so many customers. At any time only a crowd of them gets
// touches. The crowd moves through all customers while touches are made, so
// that caps bind from the first minute of a run to the last.
func New(seed uint64, customers, crowd int) (*World, error) {
	w := &World{random: rand.New(rand.NewPCG(seed, 7)), customers: customers, crowd: min(crowd, customers)}
	for _, z := range zones {
		l, err := time.LoadLocation(z)
		if err != nil {
			return nil, touch.Errorf(touch.Internal, "", "the time zone cannot be loaded: %w", err)
		}
		w.locations = append(w.locations, l)
	}
	return w, nil
}

// Customers lists all customers.
func (w *World) Customers() []touch.Customer {
	all := make([]touch.Customer, w.customers)
	for i := range all {
		all[i] = touch.Customer{
			ID:    customerID(i),
			Zones: []string{zones[i%len(zones)]},
			Addresses: map[touch.Channel]string{
				touch.SMS:  fmt.Sprintf("+8613%09d", i),
				touch.Push: fmt.Sprintf("device-%d", i),
			},
		}
	}
	return all
}

func customerID(i int) string { return fmt.Sprintf("n%06d", i) }

// Zone returns where a customer lives; nil if the customer does not exist.
func (w *World) Zone(id string) *time.Location {
	var i int
	if _, err := fmt.Sscanf(id, "n%06d", &i); err != nil || i >= w.customers {
		return nil
	}
	return w.locations[i%len(w.locations)]
}

// Urgent makes a touch that must be sent at once.
func (w *World) Urgent(now time.Time) touch.Request {
	r := w.request(touch.Transactional, now.Add(10*time.Minute))
	r.Priority = 9
	if w.random.IntN(5) == 0 {
		r.Category = touch.Service // urgent because of its priority
	}
	r.Plan = []touch.Leg{w.leg(touch.SMS)}
	if w.random.IntN(3) == 0 {
		r.Plan = []touch.Leg{w.legWithFallback(touch.Push), w.leg(touch.SMS)}
	}
	return r
}

// Bulk makes a touch of a campaign.
func (w *World) Bulk(campaign string, now time.Time) touch.Request {
	category := touch.Marketing
	switch percent := w.random.IntN(100); {
	case percent < 12:
		category = touch.Collection
	case percent < 40:
		category = touch.Service
	}
	r := w.request(category, now.Add(90*time.Second+time.Duration(w.random.IntN(90))*time.Second))
	r.Campaign = campaign
	r.Priority = w.random.IntN(9)
	r.Plan = w.plan(category)
	return r
}

// plan draws the channels of a bulk touch.
func (w *World) plan(category touch.Category) []touch.Leg {
	percent := w.random.IntN(100)
	if category == touch.Collection {
		if percent < 70 {
			return []touch.Leg{w.leg(touch.AICall)}
		}
		return []touch.Leg{w.legWithFallback(touch.AICall), w.leg(touch.RMTask)}
	}
	switch {
	case percent < 50:
		return []touch.Leg{w.leg(touch.SMS)}
	case percent < 65:
		return []touch.Leg{w.leg(touch.Push)}
	case percent < 75:
		return []touch.Leg{w.leg(touch.Inbox)}
	case percent < 82:
		return []touch.Leg{w.leg(touch.Popup)}
	case percent < 88:
		return []touch.Leg{w.leg(touch.RMTask)}
	default:
		return []touch.Leg{w.legWithFallback(touch.Push), w.leg(touch.SMS)}
	}
}

// Scheduled makes a touch for 15 to 30 seconds after now, which its caller may
// cancel before that.
func (w *World) Scheduled(now time.Time) touch.Request {
	r := w.Bulk("later", now.Add(time.Minute))
	at := now.Add(time.Duration(15+w.random.IntN(15)) * time.Second)
	r.NotBefore = &at
	return r
}

func (w *World) request(category touch.Category, expires time.Time) touch.Request {
	w.made++
	expires = expires.Round(0)
	customer := (w.made/touchesEach + w.random.IntN(w.crowd)) % w.customers
	return touch.Request{
		Key:       fmt.Sprintf("k%08d", w.made),
		Customer:  customerID(customer),
		Category:  category,
		Subject:   fmt.Sprintf("s%d", w.random.IntN(3)),
		ExpiresAt: &expires,
	}
}

func (w *World) leg(c touch.Channel) touch.Leg {
	content := &touch.Content{Body: "a message of the nemesis"}
	if c.SaysTitles() {
		content.Title = "nemesis"
	}
	return touch.Leg{Channel: c, Content: content}
}

// legWithFallback makes a leg that the next one follows after four seconds
// unless it was delivered.
func (w *World) legWithFallback(c touch.Channel) touch.Leg {
	l := w.leg(c)
	l.Wait = touch.Duration(4 * time.Second)
	l.Until = "delivered"
	return l
}
