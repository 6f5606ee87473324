package ledger

import (
	"context"
	"sync"
	"time"

	"touchgate.dev/internal/batcher"
	"touchgate.dev/touch"
)

// GroupCommit wraps a ledger so that concurrent calls of Accept and Receive share
// transactions: whoever comes while one is under way waits for the next, and
// all who wait then go together. Nobody waits for a timer, so a caller alone
// is as fast as without it. One caller's bad input does not spoil the others:
// a transaction that fails for a reason other than Unavailable is tried again
// for each of them alone.
//
// A transaction runs on when the caller who began it gives up; the touches of
// a caller who gave up may be stored, as with any lost answer. A segment that
// several callers' urgent touches share is given to the first of them, who
// enqueues it; the reconciler finds one that nobody enqueued.
func GroupCommit(l *Ledger, parallel int) *Ledger {
	g := &grouped{intake: l.Intake, receipts: l.Receipts, store: l.Store}
	g.accept = batcher.New(parallel,
		func(ctx context.Context, items []NewTouch, sizes []int) ([]accepted, error) {
			answers, refs, err := l.Intake.Accept(ctx, items)
			return divide(items, answers, refs, sizes), err
		})
	g.receive = batcher.New(parallel,
		func(ctx context.Context, items []touch.Receipt, sizes []int) ([][]AppliedReceipt, error) {
			answers, err := l.Receipts.Receive(ctx, items, g.latest())
			return split(answers, sizes), err
		})
	return l.With(func(l *Ledger) {
		l.Intake = g
		l.Receipts = g
		l.Store = g
	})
}

// grouped is the parts of a ledger whose calls share transactions.
type grouped struct {
	intake   Intake
	receipts Receipts
	store    Store
	accept   *batcher.Batcher[NewTouch, accepted]
	receive  *batcher.Batcher[touch.Receipt, []AppliedReceipt]
	mu       sync.Mutex
	now      time.Time
}

type accepted struct {
	answers []Accepted
	refs    []SegmentRef
}

// Accept implements Intake.
func (g *grouped) Accept(ctx context.Context, touches []NewTouch) ([]Accepted, []SegmentRef, error) {
	if len(touches) > touch.MaxBatch/2 {
		return g.intake.Accept(ctx, touches)
	}
	a, err := g.accept.Do(ctx, touches)
	return a.answers, a.refs, err
}

// AcceptAndClaim implements Intake. It is not grouped: its caller waits for its own segments.
func (g *grouped) AcceptAndClaim(ctx context.Context, touches []NewTouch, h Claim) ([]Accepted, []*Segment, []SegmentRef, error) {
	return g.intake.AcceptAndClaim(ctx, touches, h)
}

// Receive implements Receipts.
func (g *grouped) Receive(ctx context.Context, receipts []touch.Receipt, now time.Time) ([]AppliedReceipt, error) {
	if len(receipts) > touch.MaxBatch/2 {
		return g.receipts.Receive(ctx, receipts, now)
	}
	g.mu.Lock()
	if now.After(g.now) {
		g.now = now
	}
	g.mu.Unlock()
	return g.receive.Do(ctx, receipts)
}

// latest is the newest instant that a caller of Receive gave: receipts that go
// together are stored under one.
func (g *grouped) latest() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// Ping implements Store.
func (g *grouped) Ping(ctx context.Context) error { return g.store.Ping(ctx) }

// Close implements Store.
func (g *grouped) Close() error {
	g.accept.Wait()
	g.receive.Wait()
	return g.store.Close()
}

// divide gives each caller its answers, and each segment to the first caller
// with a touch that is new and went into it.
func divide(items []NewTouch, answers []Accepted, refs []SegmentRef, sizes []int) []accepted {
	if answers == nil {
		return nil
	}
	parts := make([]accepted, len(sizes))
	given := map[string]bool{}
	at := 0
	for i, n := range sizes {
		parts[i].answers = answers[at : at+n : at+n]
		for j := at; j < at+n; j++ {
			lane := items[j].Lane
			if !items[j].Enqueue || !answers[j].New || given[lane] {
				continue
			}
			given[lane] = true
			for _, ref := range refs {
				if ref.Lane == lane {
					parts[i].refs = append(parts[i].refs, ref)
				}
			}
		}
		at += n
	}
	return parts
}

func split[T any](answers []T, sizes []int) [][]T {
	if answers == nil {
		return nil
	}
	parts := make([][]T, len(sizes))
	at := 0
	for i, n := range sizes {
		parts[i] = answers[at : at+n : at+n]
		at += n
	}
	return parts
}
