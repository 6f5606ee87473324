package app

import (
	"errors"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// TestRebuild checks that a contact log has the ledger's contacts after Redis
// lost it, knows that other customers were not contacted, and is rebuilt by one
// process at a time.
func TestRebuild(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	a := build(t, testConfig(t), Options{Now: func() time.Time { return now }})
	addContact(t, a.ledger, "c1", now)
	rebuild := func(want int, wantErr error) {
		t.Helper()
		if n, err := a.rebuild.step(t.Context()); n != want || !errors.Is(err, wantErr) {
			t.Fatalf("%d shards rebuilt, %v; want %d, %v", n, err, want, wantErr)
		}
	}

	rebuild(256, nil)
	rebuild(0, nil)
	logs, err := a.rebuild.contacts.Read(t.Context(), []string{"c1", "c2"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 0} {
		if !logs[i].Known || len(logs[i].Entries) != want {
			t.Errorf("customer %d: %+v, want %d contacts", i+1, logs[i], want)
		}
	}

	if err := a.redis.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	_, err = a.ledger.Leases.Acquire(t.Context(), "contact-log", "another process", now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	rebuild(0, errRebuiltElsewhere)
	now = now.Add(time.Hour)
	rebuild(256, nil)
}

// addContact has the ledger record one contact with a customer.
func addContact(t *testing.T, l *ledger.Ledger, customer string, now time.Time) {
	t.Helper()
	request := touch.Request{
		Key:      "k",
		Customer: customer,
		Category: touch.Marketing,
		Plan:     []touch.Leg{{Channel: touch.Inbox}},
	}
	lane := touch.Lane(touch.Inbox, false)
	_, _, err := l.Intake.Accept(t.Context(), []ledger.NewTouch{{
		Touch:  touch.Touch{ID: touch.NewID("caller", "k"), Caller: "caller", AcceptedAt: now, Request: request},
		Digest: request.Digest(),
		State:  touch.StateDue,
		Due:    now,
		Lane:   lane,
	}})
	if err != nil {
		t.Fatal(err)
	}
	ref, _, _, err := l.Work.Feed(t.Context(), lane, now, 1)
	if err != nil {
		t.Fatal(err)
	}
	segment, err := l.Work.Claim(t.Context(), ref, "w", now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	p := segment.Touches[0].Progress
	err = l.Work.Apply(t.Context(), ref, []ledger.Transition{{
		Seq:     p.Seq,
		Version: p.Version,
		To:      touch.StateSent,
		Contact: &ledger.Contact{Channel: touch.Inbox, At: now, Kind: touch.ContactAttempt},
	}})
	if err != nil {
		t.Fatal(err)
	}
}
