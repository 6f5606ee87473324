package ledger

import (
	"context"
	"time"
)

// Keys stores API keys. Of a secret it stores only the hash.
type Keys interface {
	// Put stores a new key. Class Conflict: the id exists.
	Put(ctx context.Context, k APIKey) error
	// Get returns one key. Class NotFound.
	Get(ctx context.Context, id string) (*APIKey, error)
	// List returns all keys, the revoked ones too.
	List(ctx context.Context) ([]APIKey, error)
	// Revoke ends a key; one revoked earlier keeps its instant. Class NotFound.
	Revoke(ctx context.Context, id string, now time.Time) error
}

// APIKey is a caller's credential.
type APIKey struct {
	ID        string     `json:"id"` // the public part
	Hash      [32]byte   `json:"-"`  // SHA-256 of the secret part
	Caller    string     `json:"caller"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}
