package ledger

import (
	"context"

	"touchgate.dev/touch"
)

// Audit records what was done and changes no other row: a token was signed, for
// example. What changes a row is recorded with the change.
type Audit interface {
	// Record appends one event to the journal.
	Record(ctx context.Context, e touch.Event) error
}
