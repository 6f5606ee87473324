// SPDX-License-Identifier: Apache-2.0

// Package ledgertest is the kit that every ledger driver passes: each test is
// a promise of the package ledger, tried on a fresh store.
package ledgertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Open opens an empty ledger that takes the time from now. The kit closes it.
type Open func(t testing.TB, now func() time.Time) ledger.Ledger

// kit is one test's ledger and its clock.
type kit struct {
	testing.TB
	ledger.Ledger
	ctx  context.Context
	open Open
	mu   sync.Mutex
	at   time.Time
	n    int
}

// start is where the clock of every test begins.
var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func newKit(t testing.TB, open Open) *kit {
	k := &kit{TB: t, ctx: context.Background(), open: open, at: start}
	k.Ledger = open(t, k.now)
	t.Cleanup(func() { k.Ledger.Close() })
	return k
}

func (k *kit) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at
}

func (k *kit) pass(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(d)
}

// Run runs the whole kit.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		run  func(*kit)
	}{
		{"Smoke", testSmoke},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(newKit(t, open)) })
	}
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("%v (%v)", err, fmt.Sprint(unwrap(err)))
	}
}

func unwrap(err error) error {
	if e, ok := err.(*touch.Error); ok {
		return e.Cause
	}
	return nil
}

// class insists on an error of a class.
func (k *kit) class(want touch.ErrorClass, err error) {
	k.Helper()
	if touch.ClassOf(err) != want {
		k.Fatalf("error %v is of class %q, want %q", err, touch.ClassOf(err), want)
	}
}

// bulk is a lane of the kit's touches.
const bulk = "sms.bulk"

// touch makes a new touch that is due now, unless change says otherwise.
func (k *kit) touch(change ...func(*ledger.NewTouch)) ledger.NewTouch {
	k.n++
	key := fmt.Sprintf("k%d", k.n)
	n := ledger.NewTouch{
		Touch: touch.Touch{
			ID: touch.NewID("acme", key), Caller: "acme", AcceptedAt: k.now(),
			Request: touch.Request{
				Key: key, Customer: "c" + key, Category: touch.Marketing, Campaign: "nov", Subject: "loan", Priority: 5,
				Plan: []touch.Leg{
					{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}},
					{Channel: touch.Push, Content: &touch.Content{Title: "hi", Data: map[string]string{"a": "b"}}},
				},
				Addresses: map[touch.Channel]string{touch.SMS: "+8613800000000"},
			},
		},
		State: touch.Due, Due: k.now(), Lane: bulk,
	}
	for _, c := range change {
		c(&n)
	}
	n.Digest = n.Touch.Digest()
	n.Events = []touch.Event{{
		Kind: touch.EventAccepted, At: k.now(), Touch: n.Touch.ID, Key: n.Touch.Key, Caller: n.Touch.Caller,
		Customer: n.Touch.Customer, Campaign: n.Touch.Campaign, State: n.State, Until: n.Due,
	}}
	return n
}

func (k *kit) touches(n int, change ...func(*ledger.NewTouch)) []ledger.NewTouch {
	all := make([]ledger.NewTouch, n)
	for i := range all {
		all[i] = k.touch(change...)
	}
	return all
}

func (k *kit) accept(all ...ledger.NewTouch) []ledger.SegmentRef {
	k.Helper()
	answers, refs, err := k.Accept(k.ctx, all)
	k.must(err)
	for i, a := range answers {
		if !a.New {
			k.Fatalf("touch %d is not new: %+v", i, a)
		}
	}
	return refs
}

func testSmoke(k *kit) {
	k.accept(k.touches(10)...)
	ref, n, ok, err := k.Feed(k.ctx, bulk, k.now(), 100)
	k.must(err)
	if n != 10 || !ok {
		k.Fatal(n, ok)
	}
	seg, err := k.Claim(k.ctx, ref, "w", k.now(), k.now().Add(time.Minute))
	k.must(err)
	fence, err := k.Fence(k.ctx)
	k.must(err)
	var intents []ledger.Intent
	var trs []ledger.Transition
	for _, c := range seg.Touches {
		intents = append(intents, ledger.Intent{Seq: c.Progress.Seq, Version: c.Progress.Version, Provider: "p", At: k.now()})
		trs = append(trs, ledger.Transition{Seq: c.Progress.Seq, Version: c.Progress.Version, To: touch.Sent, Provider: "p", VendorID: "v" + c.Touch.Key,
			Contact: &ledger.Contact{Channel: touch.SMS, At: k.now()}, Events: []touch.Event{{Kind: touch.EventSent, At: k.now(), Touch: c.Touch.ID}}})
	}
	dropped, err := k.Intend(k.ctx, ref, fence, intents)
	k.must(err)
	if len(dropped) > 0 {
		k.Fatal(dropped)
	}
	k.must(k.Settle(k.ctx, ref, trs))
	got, err := k.Receive(k.ctx, []touch.Receipt{{Provider: "p", VendorID: "v" + seg.Touches[0].Touch.Key, Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	if !got[0].Changed {
		k.Fatal(got)
	}
	v, err := k.Touch(k.ctx, "acme", seg.Touches[0].Touch.ID)
	k.must(err)
	k.Logf("%+v", v)
	cv, err := k.Campaign(k.ctx, "acme", "nov")
	k.must(err)
	k.Logf("%+v", cv)
}
