package changes

import (
	"context"
	"slices"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Rollback activates, at once, a set that was active before: two people
// approved it then, so one is enough now. Hash "" is the set that the active
// one replaced. A reason is required.
func (s *Service) Rollback(ctx context.Context, p *access.Principal, hash, reason string) (*ledger.Proposal, error) {
	if reason == "" || len(reason) > 512 {
		return nil, touch.Errorf(touch.Invalid, "reason", "must have 1 to 512 characters")
	}
	var faults touch.Faults
	if validate.Plain("reason", reason, &faults); len(faults) > 0 {
		return nil, faults
	}
	control, err := s.controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	hash, err = s.rollbackTarget(ctx, hash, control.PolicyHash)
	if err != nil {
		return nil, err
	}
	if err := s.compileStored(ctx, hash); err != nil {
		return nil, err
	}
	id, err := access.NewID(s.random)
	if err != nil {
		return nil, err
	}

	now := s.now()
	request := &ledger.Proposal{
		ID:         id,
		Title:      "Rollback: " + reason,
		Hash:       hash,
		Base:       control.PolicyHash,
		RollbackOf: control.PolicyHash,
		Author:     p.Key,
		Approver:   p.Key,
		CreatedAt:  now,
	}
	return request, s.activate(ctx, request, p, reason, now)
}

// rollbackTarget returns the hash of the set to roll back to, and checks that
// it was active before. Wanted "" is the base of the request that activated
// the set now active; a rollback does not count as such, so that two of them
// in a row go two steps back.
func (s *Service) rollbackTarget(ctx context.Context, wanted, active string) (string, error) {
	activated, err := s.requests.List(ctx, ledger.ProposalActive, 1000)
	if err != nil {
		return "", err
	}
	newestFirst := func(a, b ledger.Proposal) int { return b.ActivatedAt.Compare(a.ActivatedAt) }
	slices.SortStableFunc(activated, newestFirst)
	wasActive := map[string]bool{}
	for _, request := range activated {
		wasActive[request.Hash] = true
		wasActive[request.Base] = true
		if wanted == "" && request.Hash == active && request.RollbackOf == "" {
			wanted = request.Base
		}
	}
	switch {
	case wanted == "":
		return "", touch.Errorf(touch.Conflict, "to", "no set of policies was in force before this one")
	case wanted == active:
		return "", touch.Errorf(touch.Conflict, "to", "this set of policies is in force")
	case !wasActive[wanted]:
		return "", touch.Errorf(touch.NotFound, "to", "no set of policies with this hash was ever in force")
	}
	return wanted, nil
}
