package ledger

import (
	"context"
	"time"
)

// Retention takes out of the ledger what is past. Each call is a small
// transaction, to be repeated.
type Retention interface {
	// Purge looks at up to limit touches after the cursor (1 to 1000; 0 is
	// 100), oldest first, and removes those that were accepted before the
	// instant and are over, with their contacts, items and vendors' ids; one
	// with a later contact or an open task stays. The counts of campaigns stay
	// as they were. next is the cursor to go on from, 0 where later ones begin.
	Purge(ctx context.Context, before time.Time, after int64, limit int, now time.Time) (n int, next int64, err error)
	// TruncateJournal removes up to limit records (likewise) from the journal's
	// beginning that were written before the instant. It checks their chain
	// first, and leaves a record of the cut in the journal, which binds what
	// remains to the hash of what is gone. Class Internal: the chain is broken,
	// and nothing was removed.
	TruncateJournal(ctx context.Context, before time.Time, limit int, now time.Time) (n int, err error)
}
