package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Receipts takes in what vendors report.
type Receipts interface {
	// Receive stores receipts and applies them in one transaction, by
	// ApplyReceipt: disorder and repetition do not matter. A receipt for a
	// message not known (yet) is kept for a week, and applied when Settle
	// makes its vendor id known; Recover applies what a crash left between
	// the two. The answers are in order of the receipts.
	Receive(ctx context.Context, receipts []touch.Receipt, now time.Time) ([]AppliedReceipt, error)
}

// AppliedReceipt is what became of one receipt.
type AppliedReceipt struct {
	Known   bool // a touch was found
	Changed bool // it was news
	Touch   touch.Touch
	Leg     int
	Before  Progress
	After   Progress
}
