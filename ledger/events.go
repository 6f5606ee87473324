package ledger

import (
	"context"

	"touchgate.dev/touch"
)

// Events reads the journal as events.
type Events interface {
	// List returns up to limit events after the cursor, in order. The cursor to
	// go on from is the last event's Seq. An empty caller reads all callers'.
	List(ctx context.Context, caller string, after int64, limit int) ([]touch.Event, error)
}
