package ledger

import (
	"context"
	"time"
)

// Recovery finds what a crashed worker, a missing receipt, a campaign's pause or a
// kill switch left behind. The reconciler calls it periodically. Each call is bounded by
// limit: repeat it while it finds something.
type Recovery interface {
	// ReclaimExpired takes segments from workers whose lease ended before an
	// instant, and finds segments that nobody has claimed since another instant.
	// It raises their epoch, so that the earlier worker can no longer apply
	// anything, and returns the new references, to be enqueued again. It also
	// applies receipts that arrived before their message was known.
	ReclaimExpired(ctx context.Context, leasesBefore, unclaimedBefore time.Time, limit int) ([]SegmentRef, error)
	// ReclaimAll is ReclaimExpired for a process that knows that no other worker
	// is alive: it takes every claimed segment, however long its lease, and
	// every segment that nobody has claimed since the instant.
	ReclaimAll(ctx context.Context, unclaimedBefore time.Time, limit int) ([]SegmentRef, error)
	// ExpireUnconfirmed ends touches that were sent before the instant, have no
	// timer and got no receipt. n is how many it ended.
	ExpireUnconfirmed(ctx context.Context, sentBefore, now time.Time, limit int) (n int, err error)
	// ResumeParked makes touches of resumed campaigns due again, and cancels
	// those of cancelled campaigns. n is how many it moved.
	ResumeParked(ctx context.Context, now time.Time, limit int) (n int, err error)
	// ReleaseHeld makes touches due again that kill switches held back which have
	// ended by now, or no longer match what they matched. n is how many it moved.
	ReleaseHeld(ctx context.Context, now time.Time, limit int) (n int, err error)
}
