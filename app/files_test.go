package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// modes returns the modes of the ledger's files.
func modes(t *testing.T, dir string) map[string]os.FileMode {
	t.Helper()
	found := map[string]os.FileMode{}
	for _, name := range []string{"touchgate.db", "touchgate.db-wal", "touchgate.db-shm"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			found[name] = info.Mode().Perm()
		}
	}
	return found
}

// TestLedgerFilesArePrivate: in a folder that is there already, as a mounted
// volume is, and over files of an earlier version that all may read.
func TestLedgerFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Data = dir
	for round := range 2 {
		l, err := OpenLedger(context.Background(), &cfg, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		found := modes(t, dir)
		if len(found) != 3 {
			t.Errorf("round %d: the files are %v", round, found)
		}
		for name, mode := range found {
			if mode != 0o600 {
				t.Errorf("round %d: %s has the mode %o", round, name, mode)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "touchgate.db"), 0o664); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOthersMayNotWriteConfig: who can write a configuration or a secret needs
// no key.
func TestOthersMayNotWriteConfig(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	config := filepath.Join(dir, "touchgate.yaml")
	put := func(path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	load := func(environ ...string) string {
		if _, err := LoadConfig(config, environ, Adapters(nil, nil)); err != nil {
			return err.Error()
		}
		return "ok"
	}
	put(secret, strings.Repeat("s", 40), 0o444) // as Docker mounts it
	put(config, "app_secret_file: "+secret+"\n", 0o664)
	if got := load(); got != "ok" {
		t.Errorf("good: %s", got)
	}
	if err := os.Chmod(config, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := load(); !strings.Contains(got, "other users may write") || !strings.Contains(got, config) {
		t.Errorf("a configuration for all: %s", got)
	}
	put(config, "app_secret_file: "+secret+"\n", 0o600)
	put(secret, strings.Repeat("s", 40), 0o646)
	if got := load(); !strings.Contains(got, "app_secret_file: other users may write") {
		t.Errorf("a secret for all: %s", got)
	}
	put(config, "", 0o600)
	if got := load("TOUCHGATE_APP_SECRET_FILE=" + secret); !strings.Contains(got, "other users may write") {
		t.Errorf("a secret for all, by a variable: %s", got)
	}
}
