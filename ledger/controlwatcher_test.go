package ledger_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
)

// never is an instant that is long ago.
const never = -time.Hour

// controlSource is a store of which only the version is real.
type controlSource struct {
	version atomic.Int64
	reads   atomic.Int64 // of the version
	takes   time.Duration
	down    atomic.Bool
}

func (s *controlSource) Version(ctx context.Context) (ledger.ControlVersion, error) {
	s.reads.Add(1)
	version := s.version.Load()
	if !loop.Sleep(ctx, s.takes) {
		return ledger.ControlVersion{}, ctx.Err()
	}
	if s.down.Load() {
		return ledger.ControlVersion{}, errors.New("the ledger does not answer")
	}
	return ledger.ControlVersion{Campaigns: version}, nil
}

func (s *controlSource) ReadSince(context.Context, *ledger.Control) (*ledger.Control, error) {
	return &ledger.Control{Version: ledger.ControlVersion{Campaigns: s.version.Load()}}, nil
}

// TestConfirm: a confirmation is free while it is fresh. After that somebody
// reads, and the others wait for it.
func TestConfirm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &controlSource{takes: 10 * time.Millisecond}
		w := ledger.NewControlWatcher(source)
		if err := w.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		source.version.Store(1)
		time.Sleep(ledger.ConfirmWithin)
		c, err := w.Confirm(t.Context(), never)
		if err != nil || c.Version.Campaigns != 0 || source.reads.Load() != 0 {
			t.Fatal("a fresh confirmation:", c, err, source.reads.Load())
		}
		time.Sleep(time.Millisecond)
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if c, err := w.Confirm(t.Context(), never); err != nil || c.Version.Campaigns != 1 {
					t.Error("an old confirmation:", c, err)
				}
			})
		}
		all.Wait()
		if n := source.reads.Load(); n != 1 {
			t.Errorf("64 callers read %d times", n)
		}
	})
}

// TestConfirmBySelf: who knew of no change a moment ago waits for no read.
func TestConfirmBySelf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &controlSource{takes: 10 * time.Millisecond}
		w := ledger.NewControlWatcher(source)
		if err := w.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		since := w.Elapsed()
		time.Sleep(ledger.ConfirmWithin)
		begin := time.Now()
		if _, err := w.Confirm(t.Context(), since); err != nil || time.Since(begin) > 0 {
			t.Error("waited for", time.Since(begin), err)
		}
		time.Sleep(time.Millisecond)
		if _, err := w.Confirm(t.Context(), since); err != nil || source.reads.Load() != 1 {
			t.Error("an old knowledge:", err, source.reads.Load())
		}
	})
}

// TestConfirmCountsFromTheRead: what counts is when a read began. One that took
// long confirms nothing that is new.
func TestConfirmCountsFromTheRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &controlSource{}
		w := ledger.NewControlWatcher(source)
		if err := w.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		source.takes = ledger.ConfirmWithin + time.Millisecond
		var reading sync.WaitGroup
		reading.Go(func() { _ = w.Refresh(t.Context()) })
		synctest.Wait()
		source.version.Store(1) // the read has seen the version before
		reading.Wait()
		source.takes = 0
		if c, err := w.Confirm(t.Context(), never); err != nil || c.Version.Campaigns != 1 {
			t.Error("confirmed by a read that began too long ago:", c, err)
		}
	})
}

// TestConfirmWithoutLedger: nothing is confirmed, and callers do not ask one
// after the other.
func TestConfirmWithoutLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &controlSource{takes: time.Second}
		w := ledger.NewControlWatcher(source)
		if err := w.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		source.down.Store(true)
		time.Sleep(time.Second)
		begin := time.Now()
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if _, err := w.Confirm(t.Context(), never); err == nil {
					t.Error("confirmed without a ledger")
				}
			})
		}
		all.Wait()
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("64 callers waited for %v", took)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.Confirm(gone, never); err == nil {
			t.Error("confirmed for a caller that has gone")
		}
		source.down.Store(false)
		if _, err := w.Confirm(t.Context(), never); err != nil {
			t.Error("the ledger is back:", err)
		}
	})
}

// TestRunWhileCallsAreMade: nobody who calls all the time ever waits for a read,
// and without calls the version is read less often.
func TestRunWhileCallsAreMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &controlSource{takes: 20 * time.Millisecond}
		w := ledger.NewControlWatcher(source)
		if err := w.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		watching := loop.NewGroup(t.Context())
		watching.Go(func(ctx context.Context) { w.Run(ctx, func(err error) { t.Error(err) }) })
		defer watching.Stop()
		for range 1000 {
			begin := time.Now()
			if _, err := w.Confirm(t.Context(), never); err != nil || time.Since(begin) > 0 {
				t.Fatal("a caller waited for", time.Since(begin), err)
			}
			time.Sleep(time.Millisecond)
		}
		source.reads.Store(0)
		time.Sleep(10 * time.Second)
		if n := source.reads.Load(); n < 35 || n > 52 {
			t.Errorf("%d reads in 10 s without calls", n)
		}
	})
}
