package app

import (
	"log/slog"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies/contactlog"
)

// TestFolderAfterApproval checks that a folder of policies is activated at each
// start until people have activated another set over the API.
func TestFolderAfterApproval(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	l, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "l.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rules := newRules(l, contactlog.NewModel(), slog.New(slog.DiscardHandler))
	watcher := ledger.NewControlWatcher(l.Controls)
	watcher.OnChange(rules.follow)

	// start starts a node with a folder, and returns the set it judges by.
	start := func(limit string) string {
		t.Helper()
		folder := fstest.MapFS{"p.yaml": {
			Data: []byte("policy: p\nrules:\n  - {id: a, cap: {limit: " + limit + ", per: 7d}}\n"),
		}}
		if err := rules.activate(ctx, folder, now); err != nil {
			t.Fatal(err)
		}
		if err := watcher.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		return rules.guard.Set().Hash()
	}

	first := start("1")
	second := start("2")
	if second == first {
		t.Fatal("a changed folder was not activated")
	}
	approved := ledger.Proposal{
		ID:          "p1",
		Hash:        first,
		Base:        second,
		State:       ledger.ProposalActive,
		CreatedAt:   now,
		ActivatedAt: now,
	}
	if err := l.PolicyChanges.Activate(ctx, approved, now); err != nil {
		t.Fatal(err)
	}
	if got := start("3"); got != first {
		t.Errorf("after an approval the folder was activated: %s", got)
	}
}
