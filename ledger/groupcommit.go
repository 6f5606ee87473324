package ledger

import (
	"context"
	"sync"
	"time"

	"touchgate.dev/internal/batcher"
	"touchgate.dev/touch"
)

// GroupCommit returns a ledger in which concurrent calls of Intake.Accept and
// Receipts.Receive share transactions. While parallel transactions are running,
// calls wait; all that wait then go into one transaction. No call waits for a
// timer, so a single caller is as fast as without group commit.
//
// A transaction that fails with another class than Unavailable is repeated for
// each caller alone, so that one caller's invalid input does not fail the
// others.
//
// A transaction continues when a caller gives up: that caller's touches may be
// stored, as after any lost answer. When urgent touches of several callers are
// in one segment, the first of them gets its reference and enqueues it; if it
// fails to, the reconciler finds the segment.
func GroupCommit(l *Ledger, parallel int) *Ledger {
	g := &groupCommit{intake: l.Intake, receipts: l.Receipts, store: l.Store}
	g.accepts = batcher.New(parallel,
		func(ctx context.Context, touches []NewTouch, sizes []int) ([]acceptResult, error) {
			accepted, refs, err := g.intake.Accept(ctx, touches)
			return splitAccepted(touches, accepted, refs, sizes), err
		})
	g.receives = batcher.New(parallel,
		func(ctx context.Context, receipts []touch.Receipt, sizes []int) ([][]AppliedReceipt, error) {
			applied, err := g.receipts.Receive(ctx, receipts, g.latestTime())
			return split(applied, sizes), err
		})
	return l.With(func(l *Ledger) {
		l.Intake = g
		l.Receipts = g
		l.Store = g
	})
}

// groupCommit implements the parts of a ledger whose calls share transactions.
type groupCommit struct {
	intake   Intake
	receipts Receipts
	store    Store
	accepts  *batcher.Batcher[NewTouch, acceptResult]
	receives *batcher.Batcher[touch.Receipt, []AppliedReceipt]

	mu     sync.Mutex
	latest time.Time // that a caller of Receive passed
}

// acceptResult is what one caller of Accept gets.
type acceptResult struct {
	accepted []Accepted
	refs     []SegmentRef
}

// Accept implements Intake.
func (g *groupCommit) Accept(ctx context.Context, touches []NewTouch) ([]Accepted, []SegmentRef, error) {
	// A large batch fills a transaction of its own.
	if len(touches) > touch.MaxBatch/2 {
		return g.intake.Accept(ctx, touches)
	}
	result, err := g.accepts.Do(ctx, touches)
	return result.accepted, result.refs, err
}

// AcceptAndClaim implements Intake. It does not share transactions: the worker
// is about to send, and its claim is about its own touches only.
func (g *groupCommit) AcceptAndClaim(ctx context.Context, touches []NewTouch, c Claim) ([]Accepted, []*Segment, []SegmentRef, error) {
	return g.intake.AcceptAndClaim(ctx, touches, c)
}

// Receive implements Receipts. Receipts that share a transaction are stored
// under the latest time that one of their callers passed.
func (g *groupCommit) Receive(ctx context.Context, receipts []touch.Receipt, now time.Time) ([]AppliedReceipt, error) {
	if len(receipts) > touch.MaxBatch/2 {
		return g.receipts.Receive(ctx, receipts, now)
	}
	g.mu.Lock()
	if now.After(g.latest) {
		g.latest = now
	}
	g.mu.Unlock()
	return g.receives.Do(ctx, receipts)
}

func (g *groupCommit) latestTime() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.latest
}

// Ping implements Store.
func (g *groupCommit) Ping(ctx context.Context) error { return g.store.Ping(ctx) }

// Close implements Store. It waits for the shared transactions first.
func (g *groupCommit) Close() error {
	g.accepts.Wait()
	g.receives.Wait()
	return g.store.Close()
}

// splitAccepted divides the results of one transaction among its callers: sizes
// are how many touches each passed. The reference of a segment goes to the first
// caller with a new touch in it.
func splitAccepted(touches []NewTouch, accepted []Accepted, refs []SegmentRef, sizes []int) []acceptResult {
	if accepted == nil {
		return nil
	}
	results := make([]acceptResult, len(sizes))
	givenLanes := map[string]bool{} // each lane has one segment in a transaction
	start := 0
	for i, n := range sizes {
		end := start + n
		results[i].accepted = accepted[start:end:end]
		for j := start; j < end; j++ {
			lane := touches[j].Lane
			if !touches[j].Enqueue || !accepted[j].New || givenLanes[lane] {
				continue
			}
			givenLanes[lane] = true
			for _, ref := range refs {
				if ref.Lane == lane {
					results[i].refs = append(results[i].refs, ref)
				}
			}
		}
		start = end
	}
	return results
}

// split divides results among callers: sizes are how many each one gets.
func split[T any](results []T, sizes []int) [][]T {
	if results == nil {
		return nil
	}
	parts := make([][]T, len(sizes))
	start := 0
	for i, n := range sizes {
		end := start + n
		parts[i] = results[start:end:end]
		start = end
	}
	return parts
}
