package app

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// TestTheContactLogIsRebuiltWhole: who was contacted by the ledger's word is
// held, and of everybody else it is known that they were not.
func TestTheContactLogIsRebuiltWhole(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Data, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	a, err := Build(t.Context(), &cfg, Options{Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	contacted(t, a, "c1", now)
	complete := func(want int, wantErr error) {
		t.Helper()
		if n, err := a.complete(t.Context()); n != want || !errors.Is(err, wantErr) {
			t.Fatalf("%d shards complete, %v; want %d, %v", n, err, want, wantErr)
		}
	}
	complete(256, nil)
	complete(0, nil)
	shots, err := a.contacts.Read(t.Context(), []string{"c1", "c2"})
	if err != nil || !shots[0].Known || len(shots[0].Entries) != 1 || !shots[1].Known || len(shots[1].Entries) != 0 {
		t.Fatalf("%+v, %v", shots, err)
	}
	if err := a.redis.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if _, err := a.ledger.Leases.Acquire(t.Context(), "contact-log", "another process", now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	complete(0, errElsewhere)
	now = now.Add(time.Hour)
	complete(256, nil)
}

// contacted has the ledger know of one contact that was made.
func contacted(t *testing.T, a *App, customer string, now time.Time) {
	t.Helper()
	r := touch.Request{Key: "k", Customer: customer, Category: touch.Marketing, Plan: []touch.Leg{{Channel: touch.Inbox}}}
	lane := touch.Lane(touch.Inbox, false)
	_, _, err := a.ledger.Intake.Accept(t.Context(), []ledger.NewTouch{{
		Touch: touch.Touch{ID: touch.NewID("caller", "k"), Caller: "caller", AcceptedAt: now, Request: r}, Digest: r.Digest(),
		State: touch.StateDue, Due: now, Lane: lane,
	}})
	if err != nil {
		t.Fatal(err)
	}
	ref, _, _, err := a.ledger.Work.Feed(t.Context(), lane, now, 1)
	if err != nil {
		t.Fatal(err)
	}
	seg, err := a.ledger.Work.Claim(t.Context(), ref, "w", now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	p := seg.Touches[0].Progress
	err = a.ledger.Work.Apply(t.Context(), ref, []ledger.Transition{{
		Seq: p.Seq, Version: p.Version, To: touch.StateSent, Contact: &ledger.Contact{Channel: touch.Inbox, At: now, Kind: touch.ContactAttempt},
	}})
	if err != nil {
		t.Fatal(err)
	}
}
