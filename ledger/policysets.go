package ledger

import (
	"context"
	"time"
)

// PolicySets stores sets of policy documents, of which one is active.
type PolicySets interface {
	// Activate stores a set and makes it the active one, which raises the
	// control version.
	Activate(ctx context.Context, p PolicySet, actor string, now time.Time) error
	// Get returns a stored set by its hash; "" is the active one. Class NotFound.
	Get(ctx context.Context, hash string) (*PolicySet, error)
}

// PolicySet is a set of policy documents as they were written, by name.
type PolicySet struct {
	Hash      string
	Documents map[string][]byte
	CreatedAt time.Time
	CreatedBy string
}
