package ledger

import (
	"context"
	"time"
)

// PolicyChanges stores change requests for policies: one person proposes a set
// of documents and another approves it before it becomes active. Each step is
// an event of the journal, with who took it and why.
type PolicyChanges interface {
	// Put stores a proposal's next version. With Version 0 the proposal is new,
	// and documents are stored with it; otherwise documents are nil, and the
	// stored version must be the given one. The last line of p's History is
	// written to the journal. Class Conflict: the id exists, or the proposal has
	// changed meanwhile.
	Put(ctx context.Context, p Proposal, documents map[string][]byte, now time.Time) error
	// Activate stores the next version (of a new proposal too) and makes its
	// documents the active set, which raises the control version. Class
	// Conflict: as Put, or the active set is not p.Base.
	Activate(ctx context.Context, p Proposal, now time.Time) error
	// Get returns one proposal. Class NotFound.
	Get(ctx context.Context, id string) (*Proposal, error)
	// List returns the proposals in a state ("": in all), newest first.
	List(ctx context.Context, state ProposalState, limit int) ([]Proposal, error)
}

// ProposalState is how far a proposal has come.
type ProposalState string

// The states of a proposal: drafted, then submitted for approval, then approved
// for an instant, then active. Rejected, withdrawn and stale end it before that.
const (
	ProposalDraft     ProposalState = "draft"
	ProposalSubmitted ProposalState = "submitted"
	ProposalApproved  ProposalState = "approved"
	ProposalActive    ProposalState = "enacted" // was activated; a later one may have replaced it
	ProposalRejected  ProposalState = "rejected"
	ProposalWithdrawn ProposalState = "withdrawn"
	// ProposalStale: another set was activated before its instant came.
	ProposalStale ProposalState = "stale"
)

// Proposal is a set of documents that shall become active. Its documents never
// change; PolicySets.Get reads them by Hash.
type Proposal struct {
	ID      string        `json:"id"`
	Version int64         `json:"version"`
	State   ProposalState `json:"state"`
	Title   string        `json:"title"`
	Hash    string        `json:"hash"`
	// Base is the set that was active when it was drafted, "" for none: what its
	// author compared it with. The proposal can replace only that set.
	Base string `json:"base,omitempty"`
	// EffectiveAt is when it shall become active; zero: when it is approved.
	EffectiveAt time.Time `json:"effective_at,omitzero"`
	Author      string    `json:"author"` // id of the key that drafted it
	Approver    string    `json:"approver,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	ActivatedAt time.Time `json:"enacted_at,omitzero"`
	// RollbackOf is the set that it undoes, if it is a rollback.
	RollbackOf string         `json:"rollback_of,omitempty"`
	History    []ProposalStep `json:"history"` // oldest first
}

// ProposalStep is one thing that somebody did with a proposal.
type ProposalStep struct {
	At     time.Time     `json:"at"`
	State  ProposalState `json:"state"`  // that it led to
	Actor  string        `json:"actor"`  // a key's id
	Caller string        `json:"caller"` // whose key it is
	Reason string        `json:"reason,omitempty"`
}
