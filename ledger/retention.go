package ledger

import (
	"context"
	"time"
)

// Retention removes what has been stored long enough. Each call is one small
// transaction: repeat it while it finds something.
type Retention interface {
	// Purge looks at up to limit touches after the cursor (1 to 1000; 0 is 100),
	// oldest first. It removes those that were accepted before the instant and
	// are over, with their contacts, items and vendors' ids. A touch with a later
	// contact or an open task stays, and so do the counts of campaigns. next is
	// the cursor to go on from, 0 when no later touch can be removed.
	Purge(ctx context.Context, before time.Time, after int64, limit int, now time.Time) (n int, next int64, err error)
	// TruncateJournal removes up to limit records (as in Purge) from the
	// journal's beginning that were written before the instant. It verifies
	// their chain first, and appends an event that binds what remains to the
	// hash of what is gone. Class Internal: the chain is broken, and nothing was
	// removed.
	TruncateJournal(ctx context.Context, before time.Time, limit int, now time.Time) (n int, err error)
}
