package changes_test

import (
	"testing"
	"time"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// TestFaultsFoundLater: an earlier version of the program stored documents with a
// word that this one refuses. Nobody may approve them any more, but a set that was
// in force with them may come back.
func TestFaultsFoundLater(t *testing.T) {
	f := gatewaytest.New(t)
	ctx, now := t.Context(), time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	faulty := []byte("policy: p\nrules:\n  - {id: a, cooldown: {after: [optout], for: 7 days}}\n")
	hash := ruleset.Hash([]ruleset.Source{{Name: "p.yaml", Data: faulty}})
	waiting := ledger.Proposal{ID: "old", Title: "drafted before", Hash: hash, State: ledger.ProposalSubmitted, Author: "ann", CreatedAt: now}
	if err := f.Ledger.PolicyChanges.Put(ctx, waiting, map[string][]byte{"p.yaml": faulty}, now); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Changes.Approve(ctx, approver, "old", ""); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("approved: %v", err)
	}

	was := ledger.PolicySet{Hash: hash, Documents: map[string][]byte{"p.yaml": faulty}, CreatedAt: now, CreatedBy: "configuration"}
	if err := f.Ledger.PolicySets.Activate(ctx, was, "configuration", now); err != nil {
		t.Fatal(err)
	}
	next := propose(t, f, documents(2), nil)
	if _, err := f.Changes.Approve(ctx, approver, next.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Changes.Rollback(ctx, approver, "", "complaints"); err != nil || active(t, f) != hash {
		t.Errorf("rolled back to %s: %v", active(t, f), err)
	}
}
