package firstparty_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// countedItems has one new message at each look, and counts the looks.
type countedItems struct {
	ledger.Items
	looks atomic.Int64
	whole atomic.Int64 // looks that asked for more than the last minutes
	fail  atomic.Bool
}

func (c *countedItems) List(_ context.Context, f ledger.ItemFilter) ([]touch.Item, string, error) {
	if f.CreatedAfter.IsZero() {
		c.whole.Add(1)
	}
	n := c.looks.Add(1)
	if c.fail.Load() {
		return nil, "", touch.Errorf(touch.Unavailable, "", "no answer")
	}
	return []touch.Item{{ID: fmt.Sprint("m", n), State: touch.ItemUnread, CreatedAt: time.Now()}}, "", nil
}

func (c *countedItems) Count(context.Context, ledger.ItemFilter) (int64, error) { return 0, nil }

// watcher counts the messages it is told of.
func watcher(told *atomic.Int64) firstparty.InboxWatcher {
	return firstparty.InboxWatcher{
		OnStart:   func(int64) error { return nil },
		OnMessage: func(touch.Item) error { told.Add(1); return nil },
		OnIdle:    func() error { return nil },
	}
}

// TestWatchesShareLooks: three apps of a customer cost as much as one, and a
// look reads what is new only.
func TestWatchesShareLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := &countedItems{}
		svc := firstparty.New(firstparty.Options{Items: items, Watches: 4})
		ctx, cancel := context.WithTimeout(t.Context(), 10500*time.Millisecond)
		defer cancel()
		var told atomic.Int64
		var open sync.WaitGroup
		watch := func(customer string) {
			open.Go(func() {
				if err := svc.WatchInbox(ctx, customer, time.Second, watcher(&told)); err != nil {
					t.Error(err)
				}
			})
		}
		for range 3 {
			watch("c1")
		}
		synctest.Wait()
		if err := svc.WatchInbox(ctx, "c1", time.Second, watcher(&told)); touch.ClassOf(err) != touch.TooMany {
			t.Errorf("the fourth of a customer: %v", err)
		}
		watch("c2")
		synctest.Wait()
		if err := svc.WatchInbox(ctx, "c3", time.Second, watcher(&told)); !errors.Is(err, firstparty.ErrNodeFull) {
			t.Errorf("the fifth of the node: %v", err)
		}
		open.Wait()
		if looks := items.looks.Load(); looks != 22 { // two customers, eleven looks each
			t.Errorf("%d looks", looks)
		}
		if n := told.Load(); n != 40 || items.whole.Load() != 0 {
			t.Errorf("told %d times, want 40; %d looks at the whole inbox", n, items.whole.Load())
		}
		for range 4 { // all places are free again
			watch("c1")
			cancel()
			open.Wait()
		}
	})
}

// TestSlowWatcherEnds: one that does not read its messages is let go, and the
// others hear all of them.
func TestSlowWatcherEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := firstparty.New(firstparty.Options{Items: &countedItems{}})
		ctx, cancel := context.WithTimeout(t.Context(), 20500*time.Millisecond)
		defer cancel()
		var told, slowTold atomic.Int64
		slow := watcher(&slowTold)
		slow.OnMessage = func(touch.Item) error { time.Sleep(time.Minute); return nil }
		var open sync.WaitGroup
		open.Go(func() { _ = svc.WatchInbox(ctx, "c1", time.Second, watcher(&told)) })
		ended := make(chan error, 1)
		go func() { ended <- svc.WatchInbox(context.WithoutCancel(ctx), "c1", time.Second, slow) }()
		open.Wait()
		if told.Load() != 20 {
			t.Errorf("the other was told %d times", told.Load())
		}
		if err := <-ended; touch.ClassOf(err) != touch.Unavailable {
			t.Errorf("the slow one ended with %v", err)
		}
	})
}

// TestWatchesEndWithLedger: a look that fails ends the watches of the customer,
// and the next watch looks again.
func TestWatchesEndWithLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := &countedItems{}
		svc := firstparty.New(firstparty.Options{Items: items})
		var told atomic.Int64
		time.AfterFunc(1500*time.Millisecond, func() { items.fail.Store(true) })
		if err := svc.WatchInbox(t.Context(), "c1", time.Second, watcher(&told)); touch.ClassOf(err) != touch.Unavailable || told.Load() != 1 {
			t.Errorf("%v after %d messages", err, told.Load())
		}
		items.fail.Store(false)
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		if err := svc.WatchInbox(ctx, "c1", time.Second, watcher(&told)); err != nil || told.Load() != 3 {
			t.Errorf("%v after %d messages", err, told.Load())
		}
	})
}
