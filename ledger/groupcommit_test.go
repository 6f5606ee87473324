package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slowStore is a store whose transactions take a second. It refuses the key "bad".
type slowStore struct {
	ledger.Intake
	mu      sync.Mutex
	batches []int // size of each transaction
	down    bool
	at      []time.Time // that Receive was called with
}

// transaction runs one with n items.
func (s *slowStore) transaction(n int) error {
	time.Sleep(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, n)
	if s.down {
		return touch.Errorf(touch.Unavailable, "", "down")
	}
	return nil
}

func (s *slowStore) Accept(_ context.Context, touches []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	if err := s.transaction(len(touches)); err != nil {
		return nil, nil, err
	}
	answers := make([]ledger.Accepted, len(touches))
	var refs []ledger.SegmentRef
	for i, t := range touches {
		if t.Touch.Key == "bad" {
			return nil, nil, touch.Errorf(touch.Invalid, "key", "bad")
		}
		answers[i] = ledger.Accepted{New: true, Reason: t.Touch.Key}
		if t.Enqueue && len(refs) == 0 {
			refs = []ledger.SegmentRef{{Segment: 1, Epoch: 1, Lane: t.Lane}}
		}
	}
	return answers, refs, nil
}

func (s *slowStore) Receive(_ context.Context, receipts []touch.Receipt, now time.Time) ([]ledger.AppliedReceipt, error) {
	err := s.transaction(len(receipts))
	s.mu.Lock()
	s.at = append(s.at, now)
	s.mu.Unlock()
	return make([]ledger.AppliedReceipt, len(receipts)), err
}

func (s *slowStore) Ping(context.Context) error { return nil }

func (s *slowStore) Close() error { return nil }

// urgent is a new urgent touch.
func urgent(key string) ledger.NewTouch {
	return ledger.NewTouch{Touch: touch.Touch{Request: touch.Request{Key: key}}, Enqueue: true, Lane: "sms.urgent"}
}

// TestGroupCommit: the first call goes alone and at once, those that arrive
// meanwhile share a transaction, and an invalid one among them fails alone.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowStore{}
		g := ledger.GroupCommit(&ledger.Ledger{Intake: s, Receipts: s, Store: s}, 1)
		began := time.Now()
		var wg sync.WaitGroup
		refs := 0
		for i := range 10 {
			key := fmt.Sprint("k", i)
			if i == 5 {
				key = "bad"
			}
			wg.Go(func() {
				answers, mine, err := g.Intake.Accept(t.Context(), []ledger.NewTouch{urgent(key)})
				s.mu.Lock()
				defer s.mu.Unlock()
				refs += len(mine)
				switch {
				case key == "bad" && touch.ClassOf(err) != touch.Invalid:
					t.Errorf("bad: %v", err)
				case key != "bad" && (err != nil || len(answers) != 1 || answers[0].Reason != key):
					t.Errorf("%s: %v %v", key, answers, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		// 1 alone, 9 together that fail, and then each of these alone.
		if want := []int{1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1}; fmt.Sprint(s.batches) != fmt.Sprint(want) {
			t.Fatalf("batches %v", s.batches)
		}
		if refs != 9 {
			t.Fatalf("%d refs", refs)
		}
		if took := time.Since(began); took != 11*time.Second {
			t.Fatalf("took %v", took)
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestGroupCommitMaxBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowStore{}
		g := ledger.GroupCommit(&ledger.Ledger{Intake: s, Receipts: s, Store: s}, 1)
		var wg sync.WaitGroup
		refs := 0
		for range 6 {
			wg.Go(func() {
				_, mine, err := g.Intake.Accept(t.Context(), append(make([]ledger.NewTouch, 399), urgent("k")))
				if err != nil {
					t.Error(err)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				refs += len(mine)
			})
			synctest.Wait()
		}
		wg.Wait()
		if want := []int{400, 800, 800, 400}; fmt.Sprint(s.batches) != fmt.Sprint(want) {
			t.Fatalf("batches %v", s.batches)
		}
		if refs != 4 { // each transaction has one segment, whose reference goes to one caller
			t.Fatalf("%d refs", refs)
		}
		if _, _, err := g.Intake.Accept(t.Context(), make([]ledger.NewTouch, touch.MaxBatch)); err != nil {
			t.Fatal(err)
		}
		g.Close()
	})
}

// TestGroupCommitCallerGivesUp: a caller that gives up does not fail the others,
// and an outage is not repeated for each caller.
func TestGroupCommitCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowStore{}
		g := ledger.GroupCommit(&ledger.Ledger{Intake: s, Receipts: s, Store: s}, 1)
		ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		if _, err := g.Receipts.Receive(ctx, make([]touch.Receipt, 1), noon); touch.ClassOf(err) != touch.Unavailable {
			t.Fatal(err)
		}
		s.mu.Lock()
		s.down = true
		s.mu.Unlock()
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				if _, err := g.Receipts.Receive(t.Context(), make([]touch.Receipt, 2), noon.Add(time.Duration(i))); touch.ClassOf(err) != touch.Unavailable {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		g.Close()
		if want := []int{1, 6}; fmt.Sprint(s.batches) != fmt.Sprint(want) {
			t.Fatalf("batches %v", s.batches)
		}
		if !s.at[1].Equal(noon.Add(2)) {
			t.Fatalf("received at %v", s.at)
		}
	})
}
