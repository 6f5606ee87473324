package ledger

import (
	"context"
	"time"
)

// Leases lets one process at a time do a thing.
type Leases interface {
	// Acquire takes or extends a lease until an instant. held is true if holder
	// has it now: nobody had it, it had ended at now, or holder had it already.
	Acquire(ctx context.Context, name, holder string, now, until time.Time) (held bool, err error)
	// Release ends a lease of holder, so that another may have it at once. A
	// lease that somebody else has stays.
	Release(ctx context.Context, name, holder string) error
}
