package ledgertest

import (
	"bytes"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// step takes a proposal on by one step.
func (k *kit) step(p *ledger.Proposal, state ledger.ProposalState, actor string) ledger.Proposal {
	next := *p
	next.State = state
	next.History = append(next.History[:len(next.History):len(next.History)], ledger.ProposalStep{At: k.now(), State: state, Actor: actor, Caller: "bank", Reason: "because"})
	return next
}

func testProposals(k *kit) {
	documents := map[string][]byte{"a.yaml": []byte("policy: a")}
	draft := k.step(&ledger.Proposal{ID: "p1", Title: "t", Hash: "h1", Author: "ann", CreatedAt: k.now()}, ledger.ProposalDraft, "ann")
	k.must(k.PolicyChanges.Put(k.ctx, draft, documents, k.now()))
	k.class(touch.Conflict, k.PolicyChanges.Put(k.ctx, draft, documents, k.now()))
	stored, err := k.PolicyChanges.Get(k.ctx, "p1")
	k.must(err)
	draft.Version = 1
	k.equal(stored, draft)
	set, err := k.PolicySets.Get(k.ctx, "h1")
	k.must(err)
	k.equal(set.Documents, documents)
	_, err = k.PolicySets.Get(k.ctx, "") // a draft binds nobody
	k.class(touch.NotFound, err)

	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	submitted := k.step(stored, ledger.ProposalSubmitted, "ann")
	k.must(k.PolicyChanges.Put(k.ctx, submitted, nil, k.now()))
	k.class(touch.Conflict, k.PolicyChanges.Put(k.ctx, submitted, nil, k.now())) // somebody was faster
	same, err := k.Controls.Version(k.ctx)
	k.must(err)
	k.equal(same, fence)

	stored, err = k.PolicyChanges.Get(k.ctx, "p1")
	k.must(err)
	enacted := k.step(stored, ledger.ProposalActive, "bob")
	wrong := enacted
	wrong.Base = "h0"
	k.class(touch.Conflict, k.PolicyChanges.Activate(k.ctx, wrong, k.now()))
	k.must(k.PolicyChanges.Activate(k.ctx, enacted, k.now()))
	k.class(touch.Conflict, k.PolicyChanges.Activate(k.ctx, enacted, k.now()))
	control, err := k.Controls.Read(k.ctx)
	k.must(err)
	k.equal([]any{control.PolicyHash, control.Version > fence}, []any{"h1", true})

	k.pass(time.Second)
	back := k.step(&ledger.Proposal{ID: "p2", Hash: "nothing", Base: "h1", Author: "bob", CreatedAt: k.now()}, ledger.ProposalActive, "bob")
	k.class(touch.NotFound, k.PolicyChanges.Activate(k.ctx, back, k.now()))
	back.Hash = "h1"
	k.must(k.PolicyChanges.Activate(k.ctx, back, k.now()))
	k.listProposals("", "p2", "p1")
	k.listProposals(ledger.ProposalActive, "p2", "p1")
	k.listProposals(ledger.ProposalDraft)
	_, err = k.PolicyChanges.Get(k.ctx, "none")
	k.class(touch.NotFound, err)

	events, err := k.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	var told []string
	for _, e := range events {
		told = append(told, e.Actor+": "+e.Reason)
	}
	k.equal(told, []string{"ann: policy h1 draft as proposal p1: because", "ann: policy h1 submitted as proposal p1: because",
		"bob: policy h1 enacted as proposal p1: because", "bob: policy h1 enacted as proposal p2: because"})
}

func (k *kit) listProposals(state ledger.ProposalState, want ...string) {
	k.Helper()
	all, err := k.PolicyChanges.List(k.ctx, state, 10)
	k.must(err)
	var ids []string
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	k.equal(ids, want)
}

// testJournal walks the chain of records as an auditor does.
func testJournal(k *kit) {
	pos, hash, err := k.Journal.Head(k.ctx)
	k.must(err)
	k.equal([]any{pos, len(hash)}, []any{int64(0), 0})
	for range 5 {
		k.must(k.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: "a", Owner: "o", Reason: "r"}, "me", k.now()))
		_, _, err = k.Intake.Accept(k.ctx, []ledger.NewTouch{k.touch(), k.touch()})
		k.must(err)
	}
	var prev []byte
	after := int64(0)
	for {
		records, err := k.Journal.Records(k.ctx, after, 3)
		k.must(err)
		if len(records) == 0 {
			break
		}
		for i := range records {
			r := &records[i]
			prev = journal.ChainHash(prev, r.Sum())
			if after++; r.Pos != after || !bytes.Equal(prev, r.Hash) {
				k.Fatalf("record %d does not follow", r.Pos)
			}
		}
	}
	pos, hash, err = k.Journal.Head(k.ctx)
	k.must(err)
	if pos != 10 || pos != after || !bytes.Equal(hash, prev) {
		k.Fatalf("the head is %d, %d records were read", pos, after)
	}
}
