package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
)

// TestListsAreNotForged: a ledger of an earlier version may hold texts with line
// ends and escape sequences. In a list they are neither lines nor sequences.
func TestListsAreNotForged(t *testing.T) {
	dir := t.TempDir()
	l, err := sqlite.Open(t.Context(), filepath.Join(dir, "touchgate.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	forged := "storm\n2026-11-26 22:59:59  approved-key  policy deadbeef enacted\x1b[8m\u202e"
	now := time.Now()
	if err := l.Controls.PutKillSwitch(t.Context(), ledger.KillSwitch{ID: "s\nx", Owner: "ann", Reason: forged}, "key\n1", now); err != nil {
		t.Fatal(err)
	}
	key := ledger.APIKey{ID: "k1", Caller: "engine\nk2 ops", Scopes: []string{"read\n"}, CreatedAt: now}
	if err := l.Keys.Put(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	config := write(t, "touchgate.yaml", "data: "+dir+"\n")
	_, export, _ := command(t, "audit", "export", "--config", config)
	file := write(t, "audit.ndjson", export)
	_, list, _ := command(t, "audit", "verify", file, "--list")
	_, keys, _ := command(t, "key", "list", "--config", config)
	for name, got := range map[string]string{"records": list, "keys": keys} {
		if strings.ContainsAny(got, "\x1b\u202e") || strings.Contains(got, "\n2026-11-26") || strings.Contains(got, "\nk2") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if n := strings.Count(list, "\n"); n != 3 { // two records and the total
		t.Errorf("%d lines of records: %s", n, list)
	}
	if !strings.Contains(list, `storm\n2026-11-26`) {
		t.Errorf("the text itself is lost: %s", list)
	}
}
