package changes

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Approve activates a submitted request, or books it for its time. Four eyes:
// the key must be neither the author's nor the one that submitted it (class
// Denied). Class Conflict: another set is active than the one that the request
// was made to replace.
func (s *Service) Approve(ctx context.Context, p *access.Principal, id, reason string) (*ledger.Proposal, error) {
	request, err := s.requestIn(ctx, id, reason, ledger.ProposalSubmitted)
	if err != nil {
		return nil, err
	}
	byApprover := func(step ledger.ProposalStep) bool { return step.Actor == p.Key }
	if request.Author == p.Key || slices.ContainsFunc(request.History, byApprover) {
		return nil, touch.Errorf(touch.Forbidden, "",
			"the key that drafted or submitted a proposal may not approve it: another person's key is needed")
	}
	if err := s.compileProposed(ctx, request.Hash); err != nil {
		return nil, err
	}
	control, err := s.controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	if control.PolicyHash != request.Base {
		return nil, touch.Errorf(touch.Conflict, "id",
			"another set of policies has come into force since this was drafted: draft it again")
	}

	now := s.now()
	request.Approver = p.Key
	if !request.EffectiveAt.After(now) {
		return request, s.activate(ctx, request, p, reason, now)
	}
	advance(request, p, ledger.ProposalApproved, reason, now)
	if err := s.store(ctx, request, nil, now); err != nil {
		return nil, err
	}
	return request, nil
}

// activate makes the request's documents the active set. Every node learns of
// it by the control version, which the ledger raises in the same transaction.
func (s *Service) activate(ctx context.Context, request *ledger.Proposal, p *access.Principal, reason string, now time.Time) error {
	request.ActivatedAt = now
	advance(request, p, ledger.ProposalActive, reason, now)
	if err := s.requests.Activate(ctx, *request, now); err != nil {
		return err
	}
	request.Version++
	return nil
}

// ActivateDue activates the approved requests whose time has come, in the
// order of their times, and returns how many. A request that was made to
// replace another set than the active one becomes stale instead. Several nodes
// may call it at once: each request is activated once.
func (s *Service) ActivateDue(ctx context.Context) (activated int, err error) {
	approved, err := s.requests.List(ctx, ledger.ProposalApproved, 1000)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(approved, func(a, b ledger.Proposal) int { return a.EffectiveAt.Compare(b.EffectiveAt) })
	for i := range approved {
		if approved[i].EffectiveAt.After(s.now()) {
			return activated, nil
		}
		ok, err := s.activateBooked(ctx, &approved[i])
		if err != nil {
			return activated, err
		}
		if ok {
			activated++
		}
	}
	return activated, nil
}

// activateBooked activates a request at its time, or makes it stale. It
// reports whether it was activated.
func (s *Service) activateBooked(ctx context.Context, request *ledger.Proposal) (bool, error) {
	clock := &access.Principal{Caller: "touchgate", Key: "clock"}
	now := s.now()
	attempt := *request
	attempt.History = slices.Clone(request.History)
	err := s.compileStored(ctx, request.Hash)
	if err == nil {
		err = s.activate(ctx, &attempt, clock, "its time has come", now)
	}
	switch touch.ClassOf(err) {
	case "":
		return true, nil
	case touch.Conflict, touch.Invalid:
		// When another node has activated it meanwhile, writing "stale" is a
		// conflict too, and the request stays active, which is right.
		advance(request, clock, ledger.ProposalStale, "not put into force: "+err.Error(), now)
		err := s.requests.Put(ctx, *request, nil, now)
		if err != nil && touch.ClassOf(err) != touch.Conflict {
			return false, err
		}
		return false, nil
	}
	return false, err
}
