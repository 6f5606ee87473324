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
	// List pages through one list in the order of its keys and scopes, from the
	// entry after a cursor on.
	List(ctx context.Context, list string, after ListingCursor, limit int) ([]touch.Listing, error)
}

// ListingCursor is a place in a list. It is as fine as the entries are: one
// customer may be listed in several scopes. The zero value is the beginning.
type ListingCursor struct{ Key, Scope string }

// CursorOf is the place of an entry.
func CursorOf(l *touch.Listing) ListingCursor { return ListingCursor{Key: l.Key, Scope: l.Scope} }
