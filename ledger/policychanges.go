package ledger

import (
	"context"
	"time"
)

// PolicyChanges keeps how policies come into force: every set of documents is
// proposed by one and approved by another before it binds. Each step is an
// event of the journal, with who took it and why.
type PolicyChanges interface {
	// Put stores a proposal's next version. With Version 0 it is new
	// and documents are stored with it; otherwise documents are nil and the
	// stored one must still be of the Version given. Class Conflict: the id
	// exists, or the proposal has moved on. The step is logged as the last
	// line of p's History.
	Put(ctx context.Context, p Proposal, documents map[string][]byte, now time.Time) error
	// Activate stores the next version (a new one too) and makes its
	// documents the active set, in one step that raises the fence. Class
	// Conflict besides: the active set is not p.Base.
	Activate(ctx context.Context, p Proposal, now time.Time) error
	// Get reads one; class NotFound.
	Get(ctx context.Context, id string) (*Proposal, error)
	// List lists those in a state ("": in all), the newest first.
	List(ctx context.Context, state ProposalState, limit int) ([]Proposal, error)
}

// ProposalState is where a proposal stands.
type ProposalState string

// The states of a proposal: drafted, then submitted for approval, then
// approved for an instant, then enacted. The others are ends before that.
const (
	ProposalDraft     ProposalState = "draft"
	ProposalSubmitted ProposalState = "submitted"
	ProposalApproved  ProposalState = "approved"
	ProposalActive    ProposalState = "enacted" // put into force; a later one may have replaced it
	ProposalRejected  ProposalState = "rejected"
	ProposalWithdrawn ProposalState = "withdrawn"
	// ProposalStale: another set was put into force before its instant came.
	ProposalStale ProposalState = "stale"
)

// Proposal is a set of documents on its way into force. Its documents never
// change; Policies reads them by Hash.
type Proposal struct {
	ID      string        `json:"id"`
	Version int64         `json:"version"`
	State   ProposalState `json:"state"`
	Title   string        `json:"title"`
	Hash    string        `json:"hash"`
	// Base is the set that was active when it was drafted, "" for none: what
	// its author compared it with. It replaces that one or nothing.
	Base string `json:"base,omitempty"`
	// EffectiveAt is when it shall bind; zero: at once when approved.
	EffectiveAt time.Time `json:"effective_at,omitzero"`
	Author      string    `json:"author"` // the key that drafted it
	Approver    string    `json:"approver,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	ActivatedAt time.Time `json:"enacted_at,omitzero"`
	// RollbackOf is the set that it puts out of force again, if it is a rollback.
	RollbackOf string         `json:"rollback_of,omitempty"`
	History    []ProposalStep `json:"history"` // oldest first
}

// ProposalStep is one thing that somebody did to a proposal.
type ProposalStep struct {
	At     time.Time     `json:"at"`
	State  ProposalState `json:"state"`  // that it led to
	Actor  string        `json:"actor"`  // a key's id
	Caller string        `json:"caller"` // whose key it is
	Reason string        `json:"reason,omitempty"`
}
