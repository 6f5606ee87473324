// SPDX-License-Identifier: Apache-2.0

// Package ledgertest is the kit that every ledger driver passes: each test is
// a promise of the package ledger, tried on a fresh store.
package ledgertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Open opens an empty ledger that takes the time from now. The kit closes it.
type Open func(t testing.TB, now func() time.Time) *ledger.Ledger

// kit is one test's ledger and its clock.
type kit struct {
	testing.TB
	*ledger.Ledger
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
	t.Cleanup(func() { k.Close() })
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
		{"AcceptOnce", testAcceptOnce},
		{"AcceptKeepsAll", testAcceptKeepsAll},
		{"AcceptRefused", testAcceptRefused},
		{"AcceptInvalid", testAcceptInvalid},
		{"AcceptUrgent", testAcceptUrgent},
		{"AcceptSameFromManySides", testAcceptRace},
		{"AcceptHeld", testAcceptHeld},
		{"AcceptHeldSettled", testAcceptHeldSettled},
		{"AcceptHeldAgain", testAcceptHeldAgain},
		{"AcceptHeldFence", testAcceptHeldFence},
		{"FeedOrder", testFeedOrder},
		{"FeedExpiresFirst", testFeedExpiresFirst},
		{"FeedSplits", testFeedSplits},
		{"FeedNothing", testFeedNothing},
		{"FeedAfterMove", testFeedAfterMove},
		{"FeedVoidTimerLast", testFeedVoidTimerLast},
		{"ClaimOnce", testClaimOnce},
		{"RecoverTwice", testRecoverTwice},
		{"LostLease", testLostLease},
		{"Unclaimed", testUnclaimed},
		{"Fence", testFence},
		{"IntendAgain", testIntendAgain},
		{"SettleParts", testSettleParts},
		{"SettleOutside", testSettleOutside},
		{"SettleMerges", testSettleMerges},
		{"SettleLateReport", testSettleLateReport},
		{"CancelWaiting", testCancelWaiting},
		{"CancelInSegment", testCancelInSegment},
		{"CancelRefused", testCancelRefused},
		{"DeadListed", testDeadListed},
		{"Redrive", testRedrive},
		{"RedriveAfterReceipt", testRedriveAfterReceipt},
		{"Forget", testForget},
		{"ForgetSparesTasks", testForgetSparesTasks},
		{"CutJournal", testCutJournal},
		{"PauseAndResume", testPauseAndResume},
		{"CancelCampaign", testCancelCampaign},
		{"CancelUnknown", testCancelUnknown},
		{"Receipts", testReceipts},
		{"ReceiptsFallback", testReceiptsFallback},
		{"Orphans", testOrphans},
		{"OptOut", testOptOut},
		{"Unconfirm", testUnconfirm},
		{"Counts", testCounts},
		{"TouchesListed", testTouchesListed},
		{"PastContacts", testPastContacts},
		{"Contacted", testContacted},
		{"Waiting", testWaiting},
		{"Events", testEvents},
		{"EventsComplete", testEventsComplete},
		{"Customers", testCustomers},
		{"Listings", testListings},
		{"Templates", testTemplates},
		{"Items", testItems},
		{"Tasks", testTasks},
		{"Keys", testKeys},
		{"Stops", testStops},
		{"Policies", testPolicies},
		{"Proposals", testProposals},
		{"Journal", testJournal},
		{"Shards", testShards},
		{"Leases", testLeases},
		{"Subscriptions", testSubscriptions},
		{"Watcher", testWatcher},
		{"BadText", testBadText},
		{"Closed", testClosed},
		{"Stopped", testContextEnded},
		{"NoneLostNoneTwice", testNoneLostNoneTwice},
		{"Random", testRandom},
		{"Group", testGroup},
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
	var e *touch.Error
	if errors.As(err, &e) {
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
	k.mu.Lock()
	k.n++
	key := fmt.Sprintf("k%d", k.n)
	k.mu.Unlock()
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
		State: touch.StateDue, Due: k.now(), Lane: bulk,
	}
	for _, c := range change {
		c(&n)
	}
	n.Digest = n.Touch.Digest()
	accepted := n.Touch.Event(touch.EventAccepted, k.now(), n.State, n.Leg)
	accepted.Until = n.Due
	n.Events = []touch.Event{accepted}
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
	answers, refs, err := k.Intake.Accept(k.ctx, all)
	k.must(err)
	for i, a := range answers {
		if !a.New {
			k.Fatalf("touch %d is not new: %+v", i, a)
		}
	}
	return refs
}

// feed takes what is due in a lane, which must be want touches.
func (k *kit) feed(lane string, want int) ledger.SegmentRef {
	k.Helper()
	ref, n, ok, err := k.Work.Feed(k.ctx, lane, k.now(), touch.MaxBatch)
	k.must(err)
	if n != want || ok != (want > 0) {
		k.Fatalf("fed %d touches (%v), want %d", n, ok, want)
	}
	return ref
}

// lease is how long the kit's workers hold a segment.
const lease = time.Minute

func (k *kit) claim(ref ledger.SegmentRef) *ledger.Segment {
	k.Helper()
	seg, err := k.Work.Claim(k.ctx, ref, "w1", k.now(), k.now().Add(lease))
	k.must(err)
	return seg
}

// take feeds and claims in one step.
func (k *kit) take(lane string, want int) *ledger.Segment {
	k.Helper()
	seg := k.claim(k.feed(lane, want))
	if len(seg.Touches) != want {
		k.Fatalf("claimed %d touches, want %d", len(seg.Touches), want)
	}
	return seg
}

// intent of a claimed touch for its current leg.
func (k *kit) intent(c ledger.ClaimedTouch) ledger.Intent {
	return ledger.Intent{Seq: c.Progress.Seq, Version: c.Progress.Version, Leg: c.Progress.Leg, Attempt: 1, Provider: "p1", At: k.now()}
}

func (k *kit) intend(seg *ledger.Segment) (dropped []int) {
	k.Helper()
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	var intents []ledger.Intent
	for _, c := range seg.Touches {
		intents = append(intents, k.intent(c))
	}
	dropped, err = k.Work.Intend(k.ctx, seg.Ref, fence, intents)
	k.must(err)
	return dropped
}

// sent is the transition of a touch that a vendor accepted.
func (k *kit) sent(c ledger.ClaimedTouch) ledger.Transition {
	p := c.Progress
	return ledger.Transition{
		Seq: p.Seq, Version: p.Version, To: touch.StateSent, Leg: p.Leg, Attempts: p.Attempts + 1, Provider: "p1",
		VendorID: "v-" + touch.DispatchID(c.Touch.ID, p.Leg),
		Contact:  &ledger.Contact{Leg: p.Leg, Channel: c.Touch.Plan[p.Leg].Channel, At: k.now(), Kind: touch.ContactAttempt},
		Events:   []touch.Event{k.event(c, touch.EventSent, touch.StateSent)},
	}
}

// again is the transition of a touch that goes back to wait.
func (k *kit) again(c ledger.ClaimedTouch, due time.Time) ledger.Transition {
	p := c.Progress
	return ledger.Transition{
		Seq: p.Seq, Version: p.Version, To: touch.StateDue, Leg: p.Leg, Attempts: p.Attempts + 1, Due: due, Lane: bulk, Reason: "retryable",
		Events: []touch.Event{k.event(c, touch.EventRetry, touch.StateDue)},
	}
}

func (k *kit) event(c ledger.ClaimedTouch, kind touch.EventKind, state touch.State) touch.Event {
	e := c.Touch.Event(kind, k.now(), state, c.Progress.Leg)
	e.Result = &touch.Result{Class: touch.ResultAccepted, Provider: "p1", RetryAfter: time.Second, NoAttempt: true}
	return e
}

// deliver sends whatever is due in a lane and settles it as sent.
func (k *kit) deliver(lane string, want int) *ledger.Segment {
	k.Helper()
	seg := k.take(lane, want)
	if dropped := k.intend(seg); len(dropped) > 0 {
		k.Fatalf("dropped %v", dropped)
	}
	var all []ledger.Transition
	for _, c := range seg.Touches {
		all = append(all, k.sent(c))
	}
	k.must(k.Work.Apply(k.ctx, seg.Ref, all))
	return seg
}

func (k *kit) view(n ledger.NewTouch) *ledger.TouchView {
	k.Helper()
	v, err := k.Touches.Get(k.ctx, n.Touch.Caller, n.Touch.ID)
	k.must(err)
	return v
}

// state insists on where a touch stands, and on its kinds of events.
func (k *kit) state(n ledger.NewTouch, want touch.State, kinds ...touch.EventKind) *ledger.TouchView {
	k.Helper()
	v := k.view(n)
	var got []touch.EventKind
	for _, e := range v.Events {
		got = append(got, e.Kind)
	}
	if v.Progress.State != want || (kinds != nil && !slices.Equal(got, kinds)) {
		k.Fatalf("touch is %s with events %v, want %s with %v", v.Progress.State, got, want, kinds)
	}
	return v
}

// equal insists on equality, as JSON shows it.
func (k *kit) equal(got, want any) {
	k.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		k.Fatalf("got\n%s\nwant\n%s", g, w)
	}
}

func ptr[T any](v T) *T { return &v }
