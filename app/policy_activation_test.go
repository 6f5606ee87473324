package app

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
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

// TestStoredFaultsDoNotStopANode: a set that was activated by an earlier version of
// the program may have faults that only this one finds. The node starts, with the
// set and with the unchanged folder that it came from, and judges by it.
func TestStoredFaultsDoNotStopANode(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	l, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "l.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	document := []byte("policy: p\nrules:\n" +
		"  - {id: a, cooldown: {after: [optout], for: 7 days}}\n" +
		"  - {id: b, hours: {mon-fri: ['09:00-20:00'], holiday: []}}\n")
	hash := ruleset.Hash([]ruleset.Source{{Name: "p.yaml", Data: document}})
	set := ledger.PolicySet{Hash: hash, Documents: map[string][]byte{"p.yaml": document}, CreatedAt: now, CreatedBy: "configuration"}
	if err := l.PolicySets.Activate(ctx, set, "configuration", now); err != nil {
		t.Fatal(err)
	}

	var log strings.Builder
	rules := newRules(l, contactlog.NewModel(), slog.New(slog.NewTextHandler(&log, nil)))
	watcher := ledger.NewControlWatcher(l.Controls)
	watcher.OnChange(rules.follow)
	if err := rules.activate(ctx, fstest.MapFS{"p.yaml": {Data: document}}, now); err != nil {
		t.Fatal(err)
	}
	if err := watcher.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if used := rules.guard.Set(); used == nil || used.Hash() != hash || len(used.Binding()) != 2 {
		t.Errorf("the node judges by %v", used)
	}
	if strings.Count(log.String(), "a policy in force is doubtful") != 2 || !strings.Contains(log.String(), "p.yaml:3") {
		t.Errorf("the log says %s", log.String())
	}
	// A folder that was changed is a new set.
	changed := fstest.MapFS{"p.yaml": {Data: append(document, '\n')}}
	if err := rules.activate(ctx, changed, now); err == nil {
		t.Error("a new set may have the faults")
	}
}
