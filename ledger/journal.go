package ledger

import (
	"context"

	"touchgate.dev/ledger/journal"
)

// Journal reads the journal as it is stored: a chain of records. Package audit
// exports and verifies it.
type Journal interface {
	// Records returns up to limit records after a position, in order.
	Records(ctx context.Context, after int64, limit int) ([]journal.Record, error)
	// Head returns the last position and its hash; 0 when there is none.
	Head(ctx context.Context) (pos int64, hash []byte, err error)
	// Truncation returns what Retention removed from the beginning; the zero
	// Truncation when nothing was removed.
	Truncation(ctx context.Context) (journal.Truncation, error)
}
