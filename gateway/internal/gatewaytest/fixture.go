// SPDX-License-Identifier: Apache-2.0

// Package gatewaytest sets up the gateway's use cases for tests: on a real
// ledger in a temporary folder, with a clock and a guard that the test
// controls.
package gatewaytest

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/changes"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/feed"
	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/gateway/inbound"
	"touchgate.dev/gateway/operations"
	"touchgate.dev/gateway/vocabulary"
	"touchgate.dev/internal/netguard"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// rules are the policies whose names the fixture knows. The guard judges as the
// test says, not by them.
const rules = `
policy: names
zone: customer
vocabulary:
  lists: [dnc]
  outcomes: [promised]
  attributes: [score, vip, member_since]
  preferences: [language]
  tags: [vip]
rules:
  - {id: quiet, own: {quiet: quiet}}
  - {id: member, when: category == "marketing", require: passed("member_since")}
`

// Noon is the instant at which a fixture's clock stands at first.
var Noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Secret signs the fixture's tokens.
const Secret = "0123456789abcdef0123456789abcdef"

// Engine is the caller of Submit.
func Engine() *access.Principal { return &access.Principal{Caller: "engine", Key: "k1"} }

// Fixture is the gateway's use cases on one ledger.
type Fixture struct {
	Intake     *gateway.Service
	Keys       *access.Keys
	Tokens     *access.Tokens
	Facts      *facts.Service
	Inbound    *inbound.Service
	FirstParty *firstparty.Service
	Changes    *changes.Service
	Operations *operations.Service
	Feed       *feed.Service

	Ledger   *ledger.Ledger
	Guard    *Guard
	Enqueued []ledger.SegmentRef // what intake has put into queues
	Control  *ledger.Control     // what intake is told to be stopped; nil: nothing
	DevKey   string              // read by Rebuild

	templates *lookup.Templates
	rules     *ruleset.Set // whose names are known
	mu        sync.Mutex
	now       time.Time
}

// New makes a fixture. Its ledger is closed when the test ends.
func New(t testing.TB) *Fixture {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return NewOn(t, l)
}

// NewOn makes a fixture on a ledger of the test's own, which may lack the parts
// that the test does not use.
func NewOn(t testing.TB, l *ledger.Ledger) *Fixture {
	t.Helper()
	f := &Fixture{Ledger: l, Guard: &Guard{}, now: Noon}
	f.templates = lookup.NewTemplates(l.Templates, f.Now)
	var err error
	if f.rules, err = ruleset.Compile([]ruleset.Source{{Name: "rules.yaml", Data: []byte(rules)}}, ruleset.Options{}); err != nil {
		t.Fatal(err)
	}
	f.Rebuild(t, nil)
	return f
}

// Rebuild makes all services again, on what Ledger is now, with changed
// options of intake.
func (f *Fixture) Rebuild(t testing.TB, change func(*gateway.Options)) {
	t.Helper()
	words := vocabulary.New(func() *ruleset.Set { return f.rules })
	o := gateway.Options{
		Vocabulary:    words,
		Ledger:        f.Ledger,
		Guard:         f.Guard,
		Now:           f.Now,
		TemplateCache: f.templates,
		Control:       func() *ledger.Control { return f.Control },
		Enqueue: func(_ context.Context, refs []ledger.SegmentRef) error {
			f.Enqueued = append(f.Enqueued, refs...)
			return nil
		},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if f.Intake, err = gateway.New(o); err != nil {
		t.Fatal(err)
	}
	if f.Tokens, err = access.NewTokens([]byte(Secret), f.Now); err != nil {
		t.Fatal(err)
	}
	l := f.Ledger
	f.Tokens = f.Tokens.Audited(l.Audit)
	f.Keys = access.NewKeys(access.KeyOptions{Store: l.Keys, Now: f.Now, DevKey: f.DevKey})
	f.Facts = facts.New(facts.Options{
		Customers: l.Customers, Listings: l.Listings, Templates: l.Templates, TemplateCache: f.templates, Now: f.Now,
		Vocabulary: words,
	})
	f.FirstParty = firstparty.New(firstparty.Options{Items: l.Items, Receipts: f.Intake, Vocabulary: words, Now: f.Now})
	f.Changes = changes.New(changes.Options{Ledger: l, TemplateCache: f.templates, Now: f.Now})
	f.Inbound = inbound.New(f.Intake, f.Facts, f.Now)
	f.Operations = operations.New(operations.Options{
		Controls: l.Controls, Touches: l.Touches, DeadLetters: l.DeadLetters, Keys: l.Keys,
		OwnCallers: []string{access.DevCaller, "engine"}, Now: f.Now,
	})
	guard, err := netguard.New(netguard.Loopback())
	if err != nil {
		t.Fatal(err)
	}
	f.Feed = feed.New(feed.Options{
		Events: l.Events, Subscriptions: l.Subscriptions, Index: l.EventIndex, Guard: guard, Now: f.Now,
	})
}

// Now returns the fixture's time.
func (f *Fixture) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock on.
func (f *Fixture) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// SMS returns a good request on one channel.
func SMS(key string) touch.Request {
	return touch.Request{
		Key: key, Customer: "c1", Category: touch.Marketing, Campaign: "nov",
		Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
		Addresses: map[touch.Channel]string{touch.SMS: "+8613800000000"},
	}
}

// Submit submits touches of Engine.
func (f *Fixture) Submit(t testing.TB, reqs ...touch.Request) []gateway.Answer {
	t.Helper()
	answers, err := f.Intake.Submit(t.Context(), "engine", reqs)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// View returns a touch with its history.
func (f *Fixture) View(t testing.TB, id touch.ID) *ledger.TouchView {
	t.Helper()
	view, err := f.Ledger.Touches.Get(t.Context(), "", id)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

// Send does what a worker does: it takes a segment that holds the touch, sends
// its current leg, and returns the dispatch id.
func (f *Fixture) Send(t testing.TB, id touch.ID, provider, vendorID string) string {
	t.Helper()
	ctx := t.Context()
	p := f.View(t, id).Progress
	ref, _, ok, err := f.Ledger.Work.Feed(ctx, p.Lane, f.Now(), 10)
	if err != nil || !ok {
		t.Fatalf("nothing to feed in %s: %v", p.Lane, err)
	}
	seg, err := f.Ledger.Work.Claim(ctx, ref, "w", f.Now(), f.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var transitions []ledger.Transition
	for i := range seg.Touches {
		transitions = append(transitions, f.sent(&seg.Touches[i], provider, vendorID))
	}
	if err := f.Ledger.Work.Apply(ctx, ref, transitions); err != nil {
		t.Fatal(err)
	}
	return touch.DispatchID(id, p.Leg)
}

// sent returns the transition of a touch whose current leg was sent.
func (f *Fixture) sent(c *ledger.ClaimedTouch, provider, vendorID string) ledger.Transition {
	p := c.Progress
	return ledger.Transition{
		Seq: p.Seq, Version: p.Version, To: touch.StateSent, Leg: p.Leg, Attempts: 1, Provider: provider, VendorID: vendorID,
		Contact: &ledger.Contact{Leg: p.Leg, Channel: c.Touch.Plan[p.Leg].Channel, At: f.Now(), Kind: touch.ContactAttempt},
		Events: []touch.Event{{
			Kind: touch.EventSent, At: f.Now(), Touch: c.Touch.ID, Key: c.Touch.Key, Caller: c.Touch.Caller, State: touch.StateSent,
		}},
	}
}

// Kinds returns the kinds of events.
func Kinds(events []touch.Event) []touch.EventKind {
	var kinds []touch.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// FirstField returns the field of the first fault in an error.
func FirstField(t testing.TB, err error) string {
	t.Helper()
	var faults touch.Faults
	if errors.As(err, &faults) {
		return faults[0].Field
	}
	return "no faults"
}
