package gateway

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// ApprovePolicies puts a submitted proposal into force, or books it for its
// instant. Four eyes: the key must be neither the author's nor the one that
// submitted it (class Denied). Class Conflict: another set is in force than the
// one that it was made to replace.
func (s *Service) ApprovePolicies(ctx context.Context, p *Principal, id, reason string) (*ledger.Proposal, error) {
	proposal, err := s.proposalIn(ctx, id, reason, ledger.ProposalSubmitted)
	if err != nil {
		return nil, err
	}
	own := func(done ledger.ProposalStep) bool { return done.Actor == p.Key }
	if proposal.Author == p.Key || slices.ContainsFunc(proposal.History, own) {
		return nil, touch.Errorf(touch.Forbidden, "", "who drafted or submitted a proposal does not approve it: another person's key is needed")
	}
	if err := s.compiles(ctx, proposal.Hash); err != nil {
		return nil, err
	}
	control, err := s.ledger.Controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	if control.PolicyHash != proposal.Base {
		return nil, touch.Errorf(touch.Conflict, "id", "another set of policies is in force than when this was drafted: draft it anew")
	}
	now := s.now()
	proposal.Approver = p.Key
	if !proposal.EffectiveAt.After(now) {
		return proposal, s.enact(ctx, proposal, p, reason, now)
	}
	step(proposal, p, ledger.ProposalApproved, reason, now)
	if err := s.ledger.PolicyChanges.Put(ctx, *proposal, nil, now); err != nil {
		return nil, err
	}
	proposal.Version++
	return proposal, nil
}

// compiles asks again whether stored documents are good: the program may have
// changed since they were written.
func (s *Service) compiles(ctx context.Context, hash string) error {
	set, err := s.ledger.PolicySets.Get(ctx, hash)
	if err != nil {
		return err
	}
	documents := make(map[string]string, len(set.Documents))
	for name, data := range set.Documents {
		documents[name] = string(data)
	}
	_, err = s.compile(documents)
	return documentFaults(err)
}

func (s *Service) enact(ctx context.Context, proposal *ledger.Proposal, p *Principal, reason string, now time.Time) error {
	proposal.ActivatedAt = now
	step(proposal, p, ledger.ProposalActive, reason, now)
	if err := s.ledger.PolicyChanges.Activate(ctx, *proposal, now); err != nil {
		return err
	}
	proposal.Version++
	return nil
}

// EnactDue puts approved proposals into force whose instant has come, in order
// of these instants, and gives their number. One that was made to replace
// another set than the one in force becomes stale instead. Several nodes may
// do this at once: each step is taken once.
func (s *Service) EnactDue(ctx context.Context) (n int, err error) {
	clock := &Principal{Caller: "touchgate", Key: "clock"}
	approved, err := s.ledger.PolicyChanges.List(ctx, ledger.ProposalApproved, 1000)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(approved, func(a, b ledger.Proposal) int { return a.EffectiveAt.Compare(b.EffectiveAt) })
	for i := range approved {
		proposal, now := &approved[i], s.now()
		if proposal.EffectiveAt.After(now) {
			return n, nil
		}
		attempt := *proposal
		attempt.History = slices.Clone(proposal.History)
		err := s.compiles(ctx, proposal.Hash)
		if err == nil {
			err = s.enact(ctx, &attempt, clock, "its time has come", now)
		}
		switch touch.ClassOf(err) {
		case "":
			n++
		case touch.Conflict, touch.Invalid:
			// Another node's step makes this one a conflict too, which is right.
			step(proposal, clock, ledger.ProposalStale, "not put into force: "+err.Error(), now)
			if err := s.ledger.PolicyChanges.Put(ctx, *proposal, nil, now); err != nil && touch.ClassOf(err) != touch.Conflict {
				return n, err
			}
		default:
			return n, err
		}
	}
	return n, nil
}

// RollbackPolicies puts a set into force again, at once, that was in force
// before: two people have approved it then. With hash "" it is the one that
// the present set replaced. A reason is required.
func (s *Service) RollbackPolicies(ctx context.Context, p *Principal, hash, reason string) (*ledger.Proposal, error) {
	if reason == "" || len(reason) > 512 {
		return nil, touch.Errorf(touch.Invalid, "reason", "must have 1 to 512 characters")
	}
	control, err := s.ledger.Controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	enacted, err := s.ledger.PolicyChanges.List(ctx, ledger.ProposalActive, 1000)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(enacted, func(a, b ledger.Proposal) int { return b.ActivatedAt.Compare(a.ActivatedAt) })
	was := map[string]bool{}
	for _, e := range enacted {
		was[e.Hash], was[e.Base] = true, true
		if hash == "" && e.Hash == control.PolicyHash && e.RollbackOf == "" {
			hash = e.Base
		}
	}
	switch {
	case hash == "":
		return nil, touch.Errorf(touch.Conflict, "to", "no set of policies was in force before this one")
	case hash == control.PolicyHash:
		return nil, touch.Errorf(touch.Conflict, "to", "this set of policies is in force")
	case !was[hash]:
		return nil, touch.Errorf(touch.NotFound, "to", "no set of policies with this hash was ever in force")
	}
	if err := s.compiles(ctx, hash); err != nil {
		return nil, err
	}
	id, err := s.random(10)
	if err != nil {
		return nil, err
	}
	now := s.now()
	proposal := &ledger.Proposal{ID: id, Title: "Rollback: " + reason, Hash: hash, Base: control.PolicyHash, RollbackOf: control.PolicyHash,
		Author: p.Key, Approver: p.Key, CreatedAt: now}
	return proposal, s.enact(ctx, proposal, p, reason, now)
}
