package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Customers keeps what is known of customers: one row each, read
// whole. Every change is an event.
type Customers interface {
	// Get reads; the unknown ones are absent from the map.
	Get(ctx context.Context, ids []string) (map[string]*touch.Customer, error)
	// Put stores profiles (zones, jurisdictions, addresses, tags,
	// preferences, attributes). Consents and outcomes are kept as they were.
	// The customer of ID "" or a profile repeated in the batch is class Invalid.
	Put(ctx context.Context, customers []touch.Customer, actor string, now time.Time) error
	// AddConsents appends grants and revocations.
	AddConsents(ctx context.Context, facts []CustomerConsent, actor string) error
	// AddOutcomes appends outcomes; the same touch, kind and instant twice is once.
	AddOutcomes(ctx context.Context, facts []CustomerOutcome, actor string) error
}

// Listings keeps the lists on which customers or their addresses stand. Every
// change is an event.
type Listings interface {
	// Live reads the entries of all lists for the keys, live ones only.
	Live(ctx context.Context, keys []string, now time.Time) (map[string][]touch.Listing, error)
	// Put stores entries; one with the same list, key and scope is replaced.
	Put(ctx context.Context, listings []touch.Listing, actor string, now time.Time) error
	// End ends an entry now; class NotFound.
	End(ctx context.Context, list, key, scope, actor string, now time.Time) error
	// List pages through one list by key.
	List(ctx context.Context, list, afterKey string, limit int) ([]touch.Listing, error)
}

// CustomerConsent is a consent of a customer.
type CustomerConsent struct {
	Customer string
	touch.Consent
}

// CustomerOutcome is an outcome of a contact with a customer.
type CustomerOutcome struct {
	Customer string
	touch.Outcome
}

// Templates keeps message templates. A version never changes.
type Templates interface {
	// Put stores the next version and gives its number; content equal
	// to the latest version is that version.
	Put(ctx context.Context, t Template, actor string, now time.Time) (version int, err error)
	// Get reads one version, 0 being the latest; class NotFound.
	Get(ctx context.Context, name string, version int) (*Template, error)
	List(ctx context.Context) ([]Template, error) // latest versions
}

// Template is a text with ${variables}, for some channels.
type Template struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	// Variables declares every ${name} used: intake checks the params.
	Variables []TemplateVariable `json:"variables,omitempty"`
	// Content by channel; "" serves every channel without its own.
	Content   map[touch.Channel]touch.Content `json:"content"`
	Duties    []string                        `json:"duties,omitempty"` // obligations that the text fulfils, for example "opt_out_text"
	CreatedAt time.Time                       `json:"created_at"`
	CreatedBy string                          `json:"created_by,omitempty"`
}

// TemplateVariable is one declared variable of a template.
type TemplateVariable struct {
	Name     string `json:"name" validate:"required,max=64,alphanum|contains=_"`
	Optional bool   `json:"optional,omitempty"`
	MaxLen   int    `json:"max_len,omitempty"` // characters; 0 is 256
}

// Items keeps what our own channels show: inbox, pop-ups, tasks.
type Items interface {
	// Put stores new items; one whose id is known changes nothing.
	Put(ctx context.Context, items []touch.Item) error
	// Get reads one; class NotFound.
	Get(ctx context.Context, id string) (*touch.Item, error)
	// List lists items, newest first (tasks: earliest due first).
	List(ctx context.Context, f ItemFilter) (items []touch.Item, next string, err error)
	// Update replaces an item if its Version is still the one given, and
	// raises the version; class Conflict when it moved on, NotFound.
	Update(ctx context.Context, item touch.Item) error
	// Count counts by the filter.
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
	// DueBefore selects tasks whose time has run out; NotEscalated narrows.
	DueBefore    time.Time
	NotEscalated bool
	// LiveAt leaves out items that have expired at the instant.
	LiveAt time.Time
	Cursor string
	Limit  int // 1 to 200; 0 is 50
}
