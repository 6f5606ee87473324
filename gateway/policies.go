package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// PolicyDraft is a set of documents that somebody proposes. It replaces the
// whole set in force.
type PolicyDraft struct {
	Title string `json:"title" validate:"required,max=256"`
	// Documents are the policies as they were written, by file name.
	Documents map[string]string `json:"documents" validate:"required,min=1,max=1000"`
	// EffectiveAt is when it shall bind; absent: at once when approved.
	EffectiveAt *time.Time `json:"effective_at,omitempty"`
}

// PolicyCheck is what compiling documents came to.
type PolicyCheck struct {
	OK     bool         `json:"ok"`
	Hash   string       `json:"hash,omitempty"`
	Rules  []string     `json:"rules,omitempty"`
	Faults touch.Faults `json:"faults,omitempty"`
}

// CheckPolicies compiles documents and stores nothing.
func (s *Service) CheckPolicies(documents map[string]string) (*PolicyCheck, error) {
	set, err := s.compile(documents)
	var faults touch.Faults
	switch {
	case errors.As(err, &faults):
		return &PolicyCheck{Faults: faults}, nil
	case err != nil:
		return nil, err
	}
	return &PolicyCheck{OK: true, Hash: set.Hash(), Rules: set.Rules()}, nil
}

// compile compiles documents as the guard would.
func (s *Service) compile(documents map[string]string) (*policies.Set, error) {
	if len(documents) == 0 {
		return nil, touch.Errorf(touch.Invalid, "documents", "is empty")
	}
	sources := make([]policies.Source, 0, len(documents))
	for name, text := range documents {
		sources = append(sources, policies.Source{Name: name, Data: []byte(text)})
	}
	slices.SortFunc(sources, func(a, b policies.Source) int { return strings.Compare(a.Name, b.Name) })
	return policies.Compile(sources, s.options)
}

// DraftPolicies proposes documents. They must compile; nothing binds yet.
func (s *Service) DraftPolicies(ctx context.Context, p *Principal, d PolicyDraft) (*ledger.Proposal, error) {
	now := s.now()
	faults := s.check.tags(&d)
	if d.EffectiveAt != nil && !d.EffectiveAt.After(now) {
		faults.Add("effective_at", "must lie in the future")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	set, err := s.compile(d.Documents)
	if err != nil {
		return nil, documentFaults(err)
	}
	control, err := s.ledger.Controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	id, err := s.random(10)
	if err != nil {
		return nil, err
	}
	proposal := ledger.Proposal{ID: id, Title: d.Title, Hash: set.Hash(), Base: control.PolicyHash, Author: p.Key, CreatedAt: now}
	if d.EffectiveAt != nil {
		proposal.EffectiveAt = *d.EffectiveAt
	}
	documents := make(map[string][]byte, len(d.Documents))
	for name, text := range d.Documents {
		documents[name] = []byte(text)
	}
	step(&proposal, p, ledger.ProposalDraft, d.Title, now)
	if err := s.ledger.PolicyChanges.Put(ctx, proposal, documents, now); err != nil {
		return nil, err
	}
	proposal.Version++
	return &proposal, nil
}

// documentFaults words the faults of documents as those of a request.
func documentFaults(err error) error {
	var found touch.Faults
	if !errors.As(err, &found) {
		return err
	}
	var faults touch.Faults
	for _, f := range found {
		message := f.Message
		if f.Hint != "" {
			message += " (" + f.Hint + ")"
		}
		faults.Add(fmt.Sprintf("documents.%s:%d", f.File, f.Line), "%s", message)
	}
	return faults
}

// step takes a proposal on, by p.
func step(proposal *ledger.Proposal, p *Principal, state ledger.ProposalState, reason string, now time.Time) {
	proposal.State = state
	proposal.History = append(proposal.History, ledger.ProposalStep{At: now, State: state, Actor: p.Key, Caller: p.Caller, Reason: reason})
}

// advance moves a stored proposal that is in one of the states from.
func (s *Service) advance(ctx context.Context, p *Principal, id, reason string, to ledger.ProposalState, from ...ledger.ProposalState) (*ledger.Proposal, error) {
	proposal, err := s.proposalIn(ctx, id, reason, from...)
	if err != nil {
		return nil, err
	}
	now := s.now()
	step(proposal, p, to, reason, now)
	if err := s.ledger.PolicyChanges.Put(ctx, *proposal, nil, now); err != nil {
		return nil, err
	}
	proposal.Version++
	return proposal, nil
}

// proposalIn reads a proposal that is in one of the states.
func (s *Service) proposalIn(ctx context.Context, id, reason string, states ...ledger.ProposalState) (*ledger.Proposal, error) {
	if len(reason) > 512 {
		return nil, touch.Errorf(touch.Invalid, "reason", "must have at most 512 characters")
	}
	proposal, err := s.ledger.PolicyChanges.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(states, proposal.State) {
		return nil, touch.Errorf(touch.Conflict, "id", "the proposal is %s", proposal.State)
	}
	return proposal, nil
}

// SubmitPolicies asks for the approval of a draft.
func (s *Service) SubmitPolicies(ctx context.Context, p *Principal, id, reason string) (*ledger.Proposal, error) {
	return s.advance(ctx, p, id, reason, ledger.ProposalSubmitted, ledger.ProposalDraft)
}

// WithdrawPolicies takes a proposal back that does not bind yet.
func (s *Service) WithdrawPolicies(ctx context.Context, p *Principal, id, reason string) (*ledger.Proposal, error) {
	return s.advance(ctx, p, id, reason, ledger.ProposalWithdrawn, ledger.ProposalDraft, ledger.ProposalSubmitted, ledger.ProposalApproved)
}

// RejectPolicies turns a submitted or approved proposal down; a reason is required.
func (s *Service) RejectPolicies(ctx context.Context, p *Principal, id, reason string) (*ledger.Proposal, error) {
	if reason == "" {
		return nil, touch.Errorf(touch.Invalid, "reason", "is required")
	}
	return s.advance(ctx, p, id, reason, ledger.ProposalRejected, ledger.ProposalSubmitted, ledger.ProposalApproved)
}

// Proposals lists proposals in a state ("": all), the newest first.
func (s *Service) Proposals(ctx context.Context, state ledger.ProposalState, limit int) ([]ledger.Proposal, error) {
	return s.ledger.PolicyChanges.List(ctx, state, limit)
}

// Proposal reads one; class NotFound.
func (s *Service) Proposal(ctx context.Context, id string) (*ledger.Proposal, error) {
	return s.ledger.PolicyChanges.Get(ctx, id)
}

// PolicySet reads documents by their hash, "" being those in force; class NotFound.
func (s *Service) PolicySet(ctx context.Context, hash string) (*ledger.PolicySet, error) {
	return s.ledger.PolicySets.Get(ctx, hash)
}
