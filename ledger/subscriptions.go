package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Subscriptions stores the webhooks to which callers want events sent.
type Subscriptions interface {
	// Put stores a subscription, or replaces the one of that id.
	Put(ctx context.Context, s Subscription) error
	// List returns a caller's subscriptions; an empty caller lists all.
	List(ctx context.Context, caller string) ([]Subscription, error)
	// Delete removes one. Class NotFound.
	Delete(ctx context.Context, caller, id string) error
	// SaveCursor stores how far a subscription has been served. One that was
	// deleted meanwhile is no error.
	SaveCursor(ctx context.Context, id string, cursor int64, failures int, next time.Time) error
}

// Subscription is a webhook.
type Subscription struct {
	ID        string            `json:"id"`
	Caller    string            `json:"caller"`
	URL       string            `json:"url"`
	Secret    string            `json:"-"`
	Kinds     []touch.EventKind `json:"kinds,omitempty"`  // empty: all
	Cursor    int64             `json:"cursor"`           // Seq of the last event that was sent
	Failures  int               `json:"failures"`         // in a row
	NextAt    time.Time         `json:"next_at,omitzero"` // do not send before
	CreatedAt time.Time         `json:"created_at"`
}
