package changes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Draft is a set of documents that somebody proposes. It replaces the whole
// active set.
type Draft struct {
	Title string `json:"title" validate:"required,max=256,plain"`
	// Documents are the policies as they were written, by file name.
	Documents map[string]string `json:"documents" validate:"required,min=1,max=1000"`
	// EffectiveAt is when it is activated; nil: as soon as it is approved.
	EffectiveAt *time.Time `json:"effective_at,omitempty"`
}

// CheckResult is what compiling documents came to.
type CheckResult struct {
	OK     bool         `json:"ok"`
	Hash   string       `json:"hash,omitempty"`
	Rules  []string     `json:"rules,omitempty"`
	Faults touch.Faults `json:"faults,omitempty"`
	// Warnings are what is doubtful about documents without a fault.
	Warnings touch.Faults `json:"warnings,omitempty"`
}

// Check compiles documents and stores nothing.
func (s *Service) Check(documents map[string]string) (*CheckResult, error) {
	set, err := s.compileNew(documents)
	var faults touch.Faults
	switch {
	case errors.As(err, &faults):
		return &CheckResult{Faults: faults}, nil
	case err != nil:
		return nil, err
	}
	warnings := append(set.Warnings(), set.EndingCalendars(s.now())...)
	return &CheckResult{OK: true, Hash: set.Hash(), Rules: set.Rules(), Warnings: warnings}, nil
}

// Draft stores a change request. Its documents must compile; nothing is
// activated yet.
func (s *Service) Draft(ctx context.Context, p *access.Principal, d Draft) (*ledger.Proposal, error) {
	now := s.now()
	faults := s.tags.Check(&d)
	if d.EffectiveAt != nil && !d.EffectiveAt.After(now) {
		faults.Add("effective_at", "must lie in the future")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	set, err := s.compileNew(d.Documents)
	if err != nil {
		return nil, documentFaults(err)
	}
	control, err := s.controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	id, err := access.NewID(s.random)
	if err != nil {
		return nil, err
	}

	request := &ledger.Proposal{
		ID:        id,
		Title:     d.Title,
		Hash:      set.Hash(),
		Base:      control.PolicyHash,
		Author:    p.Key,
		CreatedAt: now,
	}
	if d.EffectiveAt != nil {
		request.EffectiveAt = *d.EffectiveAt
	}
	documents := make(map[string][]byte, len(d.Documents))
	for name, text := range d.Documents {
		documents[name] = []byte(text)
	}
	advance(request, p, ledger.ProposalDraft, d.Title, now)
	if err := s.store(ctx, request, documents, now); err != nil {
		return nil, err
	}
	return request, nil
}

// documentFaults turns the faults of documents into those of a request: the
// field names the document and the line.
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

// Submit asks for the approval of a draft.
func (s *Service) Submit(ctx context.Context, p *access.Principal, id, reason string) (*ledger.Proposal, error) {
	return s.move(ctx, p, id, reason, ledger.ProposalSubmitted, ledger.ProposalDraft)
}

// Withdraw ends a change request that is not active yet.
func (s *Service) Withdraw(ctx context.Context, p *access.Principal, id, reason string) (*ledger.Proposal, error) {
	return s.move(ctx, p, id, reason, ledger.ProposalWithdrawn,
		ledger.ProposalDraft, ledger.ProposalSubmitted, ledger.ProposalApproved)
}

// Reject ends a submitted or approved change request; a reason is required.
func (s *Service) Reject(ctx context.Context, p *access.Principal, id, reason string) (*ledger.Proposal, error) {
	if reason == "" {
		return nil, touch.Errorf(touch.Invalid, "reason", "is required")
	}
	return s.move(ctx, p, id, reason, ledger.ProposalRejected, ledger.ProposalSubmitted, ledger.ProposalApproved)
}

// move brings a stored request from one of the states from into the state to.
func (s *Service) move(
	ctx context.Context, p *access.Principal, id, reason string, to ledger.ProposalState, from ...ledger.ProposalState,
) (*ledger.Proposal, error) {
	request, err := s.requestIn(ctx, id, reason, from...)
	if err != nil {
		return nil, err
	}
	now := s.now()
	advance(request, p, to, reason, now)
	if err := s.store(ctx, request, nil, now); err != nil {
		return nil, err
	}
	return request, nil
}

// requestIn reads a request that is in one of the states, and checks the
// reason that is to be recorded; class Conflict when it is in another state.
func (s *Service) requestIn(
	ctx context.Context, id, reason string, states ...ledger.ProposalState,
) (*ledger.Proposal, error) {
	if len(reason) > 512 {
		return nil, touch.Errorf(touch.Invalid, "reason", "must have at most 512 characters")
	}
	var faults touch.Faults
	if validate.Plain("reason", reason, &faults); len(faults) > 0 {
		return nil, faults
	}
	request, err := s.requests.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(states, request.State) {
		return nil, touch.Errorf(touch.Conflict, "id", "the proposal is %s", request.State)
	}
	return request, nil
}
