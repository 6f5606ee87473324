package ledger

import (
	"context"
	"time"
)

// Templates stores message templates. A version never changes.
type Templates interface {
	// Put stores the next version, records who did, and returns its number.
	// Content equal to the latest version's is not stored again: its number is
	// returned.
	Put(ctx context.Context, t Template, actor string, now time.Time) (version int, err error)
	// Get returns one version; 0 is the latest. Class NotFound.
	Get(ctx context.Context, name string, version int) (*Template, error)
	// List returns the latest versions of up to limit (1 to 1000) templates in
	// the order of their names, from the one after a name on.
	List(ctx context.Context, after string, limit int) ([]Template, error)
}
