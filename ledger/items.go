package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Items stores what the bank's own channels show: inbox messages, pop-ups and
// tasks.
type Items interface {
	// Put stores new items; one whose id is known changes nothing.
	Put(ctx context.Context, items []touch.Item) error
	// Get returns one item. Class NotFound.
	Get(ctx context.Context, id string) (*touch.Item, error)
	// List returns items, newest first (tasks: earliest due first). next is the
	// cursor to go on from, "" at the end.
	List(ctx context.Context, f ItemFilter) (items []touch.Item, next string, err error)
	// Update replaces an item whose stored version is the given one, and raises
	// the version. Class Conflict: it has changed meanwhile; NotFound.
	Update(ctx context.Context, item touch.Item) error
	// Count counts the items that the filter selects.
	Count(ctx context.Context, f ItemFilter) (int64, error)
}

// ItemFilter selects items; empty fields select all.
type ItemFilter struct {
	Channel   touch.Channel
	Customer  string
	States    []touch.ItemState
	Placement string
	Manager   string // assigned to or claimed by
	Queue     string
	Branch    string
	// DueBefore selects tasks that were due before the instant.
	DueBefore    time.Time
	NotEscalated bool
	// CreatedAfter selects items that were made after the instant.
	CreatedAfter time.Time
	// LiveAt omits items that have expired at the instant.
	LiveAt time.Time
	Cursor string
	Limit  int // 1 to 200; 0 is 50
}
