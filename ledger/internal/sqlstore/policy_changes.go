package sqlstore

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Put implements ledger.PolicyChanges.
func (s policyChangeStore) Put(
	ctx context.Context, p ledger.Proposal, documents map[string][]byte, now time.Time,
) error {
	return s.update(ctx, func(t *tx) error {
		if err := saveProposal(t, p); err != nil {
			return err
		}
		if p.Version == 0 {
			set := ledger.PolicySet{Hash: p.Hash, Documents: documents, CreatedAt: now, CreatedBy: p.Author}
			if err := savePolicySet(t, &set); err != nil {
				return err
			}
		}
		_, err := t.log([]touch.Event{proposalEvent(&p, now)})
		return err
	})
}

// Activate implements ledger.PolicyChanges.
func (s policyChangeStore) Activate(ctx context.Context, p ledger.Proposal, now time.Time) error {
	return s.updateControl(ctx, proposalEvent(&p, now), func(t *tx) error {
		var active string
		if _, err := t.one([]any{&active}, `SELECT policy FROM control WHERE id = 1`); err != nil {
			return err
		}
		if active != p.Base {
			return conflict("the active set of policies is not the one that this was made to replace")
		}
		known, err := t.one([]any{new(string)}, `SELECT hash FROM policies WHERE hash = $1`, p.Hash)
		if err != nil {
			return err
		}
		if !known {
			return notFound("this policy set")
		}
		if err := saveProposal(t, p); err != nil {
			return err
		}
		return setActivePolicies(t, p.Hash)
	})
}

// proposalEvent returns the event of the last step in a proposal's history.
func proposalEvent(p *ledger.Proposal, now time.Time) touch.Event {
	e := touch.Event{
		Kind: touch.EventControl, At: now, Reason: fmt.Sprintf("policy %s %s as proposal %s", p.Hash, p.State, p.ID),
	}
	if n := len(p.History); n > 0 {
		last := &p.History[n-1]
		e.Actor = last.Actor
		if last.Reason != "" {
			e.Reason += ": " + last.Reason
		}
	}
	if p.State == ledger.ProposalApproved {
		e.Until = p.EffectiveAt
	}
	return e
}

// saveProposal stores the next version of a proposal; class Conflict when the
// stored one is not of the version that the caller has read.
func saveProposal(t *tx, p ledger.Proposal) error {
	seen := p.Version
	p.Version++
	doc, err := marshal(p)
	if err != nil {
		return err
	}
	if seen == 0 {
		n, err := t.exec(`INSERT INTO proposals (id, version, state, created, doc) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO NOTHING`, p.ID, p.Version, string(p.State), micros(p.CreatedAt), doc)
		if err == nil && n == 0 {
			return conflict("this proposal exists already")
		}
		return err
	}
	n, err := t.exec(`UPDATE proposals SET version = $2, state = $3, doc = $4 WHERE id = $1 AND version = $5`,
		p.ID, p.Version, string(p.State), doc, seen)
	if err == nil && n == 0 {
		return conflict("the proposal has moved on")
	}
	return err
}

// Get implements ledger.PolicyChanges.
func (s policyChangeStore) Get(ctx context.Context, id string) (*ledger.Proposal, error) {
	return getDoc[ledger.Proposal](ctx, s.core, "this proposal", `SELECT doc FROM proposals WHERE id = $1`, id)
}

// List implements ledger.PolicyChanges.
func (s policyChangeStore) List(
	ctx context.Context, state ledger.ProposalState, limit int,
) (all []ledger.Proposal, err error) {
	err = s.query(ctx, func(c *conn) error {
		all, err = queryDocs[ledger.Proposal](c, `SELECT doc FROM proposals
			WHERE $1 = '' OR state = $1 ORDER BY created DESC, id DESC LIMIT $2`,
			string(state), clampLimit(limit, 100, 1000))
		return err
	})
	return all, err
}
