package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Subscriptions stores the webhooks to which callers want events sent. An
// empty caller stands for any caller.
type Subscriptions interface {
	// Create stores a new subscription and logs who made it. Class Conflict: the
	// id exists, or the caller has as many as most already (0: no bound). Class
	// Unauthenticated: the key that makes it has been revoked.
	Create(ctx context.Context, s Subscription, most int) error
	// Get returns one. Class NotFound.
	Get(ctx context.Context, caller, id string) (*Subscription, error)
	// List returns up to limit subscriptions with an id after the given one.
	List(ctx context.Context, caller, after string, limit int) ([]Subscription, error)
	// Change lets edit change the address, key, secrets, next try and deliveries
	// to send again, raises the revision, and logs who did it. edit may run
	// several times; its error is returned and nothing changes. Class NotFound;
	// Unauthenticated as for Create.
	Change(ctx context.Context, caller, id string, by SubscriptionAct, edit func(*Subscription) error) (*Subscription, error)
	// End removes one and logs it. Class NotFound; Conflict: by names a
	// revision, and the subscription has changed since.
	End(ctx context.Context, caller, id string, by SubscriptionAct) error
	// Version is higher after each Create, Change and End, also of those that
	// ended with a key. Deliveries do not raise it.
	Version(ctx context.Context) (int64, error)
	// SaveProgress stores how far a subscription has been served, if its cursor
	// still is from and its revision is that of s. Otherwise it was changed, was
	// served by another process, or has ended: saved is false.
	SaveProgress(ctx context.Context, s *Subscription, from int64) (saved bool, err error)
}

// Subscription is a webhook.
type Subscription struct {
	ID     string `json:"id"`
	Caller string `json:"caller"`
	URL    string `json:"url"`
	// Key is the id of the key that made it or took it over. It ends with this
	// key. "" is one that was made before keys were noted.
	Key       string            `json:"key,omitempty"`
	Secret    string            `json:"-"`
	Kinds     []touch.EventKind `json:"kinds,omitempty"`  // empty: all
	Cursor    int64             `json:"cursor"`           // Seq of the last event that was sent
	Failures  int               `json:"failures"`         // in a row
	NextAt    time.Time         `json:"next_at,omitzero"` // do not send before
	CreatedAt time.Time         `json:"created_at"`

	// Previous are secrets that were rotated away and still sign for a while.
	Previous []PastSecret `json:"-"`
	// Revision counts the changes.
	Revision int64 `json:"-"`
	// Pending is the delivery that is being made. A retry, also after a restart,
	// has the same id and the same events.
	Pending *Delivery `json:"-"`
	// Again are deliveries that somebody asked to send once more.
	Again []Delivery `json:"-"`
	// Calls are the last calls, the newest last.
	Calls []WebhookCall `json:"-"`
}

// PastSecret is a secret that signs until an instant.
type PastSecret struct {
	Secret string    `json:"secret"`
	Until  time.Time `json:"until"`
}

// Delivery is what one webhook call says, however often it is tried.
type Delivery struct {
	ID      string    `json:"id"`      // the header webhook-id
	After   int64     `json:"after"`   // it has the events with a Seq above this one
	Through int64     `json:"through"` // up to this one
	At      time.Time `json:"at"`      // when it was made
}

// WebhookCall is one try of a delivery and its answer.
type WebhookCall struct {
	Delivery
	CalledAt time.Time     `json:"called_at"`
	Took     time.Duration `json:"took"`
	Status   int           `json:"status,omitempty"` // of HTTP; 0: no answer
	Error    string        `json:"error,omitempty"`  // why there was no answer, in one word
}

// SubscriptionAct is who changes or ends a subscription, when and why.
type SubscriptionAct struct {
	Actor  string // a key's id, or the part of the program that did it
	At     time.Time
	Reason string
	// Revision, when not 0, is the only one to which the act applies; 1 is that
	// of a new subscription.
	Revision int64
}
