package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Listings stores the lists (suppressions, registers) on which customers or
// their addresses are entered. Every change is an event.
type Listings interface {
	// Live returns the entries of all lists for each key, without those that
	// have ended at now.
	Live(ctx context.Context, keys []string, now time.Time) (map[string][]touch.Listing, error)
	// Put stores entries; it replaces those with the same list, key and scope.
	Put(ctx context.Context, listings []touch.Listing, actor string, now time.Time) error
	// End ends an entry now. Class NotFound.
	End(ctx context.Context, list, key, scope, actor string, now time.Time) error
	// List pages through one list in the order of its keys.
	List(ctx context.Context, list, afterKey string, limit int) ([]touch.Listing, error)
}
