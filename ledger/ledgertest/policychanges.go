package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// nextStep is a proposal after one more step.
func nextStep(k *kit, p *ledger.Proposal, state ledger.ProposalState, actor string) ledger.Proposal {
	next := *p
	next.State = state
	next.History = append(next.History[:len(next.History):len(next.History)], ledger.ProposalStep{At: k.now(), State: state, Actor: actor, Caller: "bank", Reason: "because"})
	return next
}

func testProposals(k *kit) {
	documents := map[string][]byte{"a.yaml": []byte("policy: a")}
	draft := nextStep(k, &ledger.Proposal{ID: "p1", Title: "t", Hash: "h1", Author: "ann", CreatedAt: k.now()}, ledger.ProposalDraft, "ann")
	k.must(k.ledger.PolicyChanges.Put(k.ctx, draft, documents, k.now()))
	k.wantClass(touch.Conflict, k.ledger.PolicyChanges.Put(k.ctx, draft, documents, k.now()))
	stored, err := k.ledger.PolicyChanges.Get(k.ctx, "p1")
	k.must(err)
	draft.Version = 1
	k.wantEqual(stored, draft)
	set, err := k.ledger.PolicySets.Get(k.ctx, "h1")
	k.must(err)
	k.wantEqual(set.Documents, documents)
	_, err = k.ledger.PolicySets.Get(k.ctx, "") // a draft is not active
	k.wantClass(touch.NotFound, err)

	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	submitted := nextStep(k, stored, ledger.ProposalSubmitted, "ann")
	k.must(k.ledger.PolicyChanges.Put(k.ctx, submitted, nil, k.now()))
	k.wantClass(touch.Conflict, k.ledger.PolicyChanges.Put(k.ctx, submitted, nil, k.now())) // the version has changed
	same, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	k.wantEqual(same, version)

	stored, err = k.ledger.PolicyChanges.Get(k.ctx, "p1")
	k.must(err)
	active := nextStep(k, stored, ledger.ProposalActive, "bob")
	wrong := active
	wrong.Base = "h0"
	k.wantClass(touch.Conflict, k.ledger.PolicyChanges.Activate(k.ctx, wrong, k.now()))
	k.must(k.ledger.PolicyChanges.Activate(k.ctx, active, k.now()))
	k.wantClass(touch.Conflict, k.ledger.PolicyChanges.Activate(k.ctx, active, k.now()))
	control, err := k.ledger.Controls.Read(k.ctx)
	k.must(err)
	k.wantEqual([]any{control.PolicyHash, control.Version.Rules > version.Rules}, []any{"h1", true})

	k.advance(time.Second)
	back := nextStep(k, &ledger.Proposal{ID: "p2", Hash: "nothing", Base: "h1", Author: "bob", CreatedAt: k.now()}, ledger.ProposalActive, "bob")
	k.wantClass(touch.NotFound, k.ledger.PolicyChanges.Activate(k.ctx, back, k.now()))
	back.Hash = "h1"
	k.must(k.ledger.PolicyChanges.Activate(k.ctx, back, k.now()))
	wantProposals(k, "", "p2", "p1")
	wantProposals(k, ledger.ProposalActive, "p2", "p1")
	wantProposals(k, ledger.ProposalDraft)
	_, err = k.ledger.PolicyChanges.Get(k.ctx, "none")
	k.wantClass(touch.NotFound, err)

	events, err := k.ledger.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	var lines []string
	for _, e := range events {
		lines = append(lines, e.Actor+": "+e.Reason)
	}
	k.wantEqual(lines, []string{"ann: policy h1 draft as proposal p1: because", "ann: policy h1 submitted as proposal p1: because",
		"bob: policy h1 enacted as proposal p1: because", "bob: policy h1 enacted as proposal p2: because"})
}

func wantProposals(k *kit, state ledger.ProposalState, want ...string) {
	k.t.Helper()
	all, err := k.ledger.PolicyChanges.List(k.ctx, state, 10)
	k.must(err)
	var ids []string
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	k.wantEqual(ids, want)
}
