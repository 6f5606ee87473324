package contactlog

import (
	"context"
	"testing"
	"time"
)

// ledgerOf is a ledger of shards and contacts.
type ledgerOf struct {
	epoch    int64
	contacts map[string][]Entry
}

func (l *ledgerOf) options() Options {
	return Options{Shards: 4, Epochs: func(int) int64 { return l.epoch }, RaiseEpochs: func(_ context.Context, shards []int) (map[int]int64, error) {
		l.epoch++
		raised := map[int]int64{}
		for _, s := range shards {
			raised[s] = l.epoch
		}
		return raised, nil
	}}
}

func (l *ledgerOf) load(context.Context, []string) (map[string][]Entry, error) {
	return l.contacts, nil
}

func TestMemoryAcquires(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	truth := &ledgerOf{epoch: 7}
	ask := []Reservation{{Customer: "c", Entry: Entry{ID: "new"}, Questions: []Question{{Since: now.Add(-time.Hour), Limit: 1}}, Keep: time.Hour}}
	reserve := func(l *Memory) Answer {
		t.Helper()
		as, err := l.Reserve(ctx, ask, now)
		if err != nil {
			t.Fatal(err)
		}
		return as[0]
	}
	rehydrate := func(l *Memory) {
		t.Helper()
		if err := l.Rehydrate(ctx, []string{"c"}, time.Hour, truth.load); err != nil {
			t.Fatal(err)
		}
	}
	one := NewMemory(truth.options())
	if !reserve(one).Unknown || truth.epoch != 7 {
		t.Fatal("a log that nobody loaded is known")
	}
	rehydrate(one)
	if truth.epoch != 8 {
		t.Errorf("epoch %d: contacts were read before the shards were acquired", truth.epoch)
	}
	if a := reserve(one); !a.Admitted {
		t.Fatalf("nobody was contacted: %+v", a)
	}
	rehydrate(one)
	if truth.epoch != 8 {
		t.Errorf("epoch %d: shards that it had already were acquired again", truth.epoch)
	}

	// Another takes the shards up, and sends what the ledger knows from then on.
	two := NewMemory(truth.options())
	rehydrate(two)
	truth.contacts = map[string][]Entry{"c": {{ID: "theirs", At: now.Add(-time.Minute)}}}
	if a := reserve(one); !a.Unknown {
		t.Fatalf("a log that another took up is still believed: %+v", a)
	}
	rehydrate(one)
	if a := reserve(one); a.Admitted || a.Unknown || len(a.Entries) != 1 || a.Entries[0].ID != "theirs" {
		t.Errorf("a place beyond the limit, or an old reservation believed: %+v", a)
	}
	if a := reserve(two); !a.Unknown {
		t.Errorf("both hold the shards: %+v", a)
	}
}
