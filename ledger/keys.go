package ledger

import (
	"context"
	"time"
)

// Keys stores API keys. Of a secret it stores only the hash.
type Keys interface {
	// Put stores a new key, and records who made it. Class Conflict: the id
	// exists.
	Put(ctx context.Context, k APIKey) error
	// Get returns one key. Class NotFound.
	Get(ctx context.Context, id string) (*APIKey, error)
	// List returns up to limit (1 to 1000) keys in the order of their ids, from
	// the one after an id on; the revoked ones too.
	List(ctx context.Context, after string, limit int) ([]APIKey, error)
	// Revoke ends a key and the subscriptions that were made with it, and records
	// who did; one revoked earlier keeps its instant. Class NotFound.
	Revoke(ctx context.Context, id, actor string, now time.Time) error
}

// APIKey is a caller's credential.
type APIKey struct {
	ID        string     `json:"id"` // the public part
	Hash      [32]byte   `json:"-"`  // SHA-256 of the secret part
	Caller    string     `json:"caller"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by,omitempty"` // the key, or the command line; "" in keys of old
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}
