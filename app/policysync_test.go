package app

import (
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
)

// A folder binds until two people have put another set into force; a restart
// does not undo what they decided. Nodes follow the ledger.
func TestFolderGivesWayToApproval(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	l, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "l.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	guard := policies.NewGuard(contactlog.NewModel(), nil)
	watch := ledger.NewControlWatcher(l.Controls, followPolicies(l.PolicySets, guard, policies.Options{}))
	folder := func(limit string) {
		t.Helper()
		dir := fstest.MapFS{"p.yaml": {Data: []byte("policy: p\nrules:\n  - {id: a, cap: {limit: " + limit + ", per: 7d}}\n")}}
		if err := activatePolicies(ctx, l, dir, policies.Options{}, now); err != nil {
			t.Fatal(err)
		}
		if err := watch.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	folder("1")
	first := guard.Set().Hash()
	folder("2")
	second := guard.Set().Hash()
	if second == first {
		t.Fatal("a changed folder does not bind")
	}
	back := ledger.Proposal{ID: "p1", Hash: first, Base: second, State: ledger.ProposalActive, CreatedAt: now, ActivatedAt: now}
	if err := l.PolicyChanges.Activate(ctx, back, now); err != nil {
		t.Fatal(err)
	}
	folder("3")
	if got := guard.Set().Hash(); got != first {
		t.Errorf("the folder undid an approval: %s", got)
	}
}
