package app

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"touchgate.dev/touch"
)

// testConfig is a process with everything embedded, on a free port.
func testConfig(t *testing.T) *Config {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Data = t.TempDir()
	cfg.Listen = "127.0.0.1:0"
	return &cfg
}

// build builds an app that the test closes at its end.
func build(t *testing.T, cfg *Config, o Options) *App {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	a, err := Build(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// TestCloseOrder checks that what was opened last is closed first, that an
// error does not keep the rest open, and that Close may be called again.
func TestCloseOrder(t *testing.T) {
	a := build(t, testConfig(t), Options{})
	var closed []string
	for i, s := range a.stops {
		a.stops[i].close = func() error {
			closed = append(closed, s.part)
			if err := s.close(); err != nil {
				return err
			}
			if s.part == "redis" {
				return errors.New("no answer")
			}
			return nil
		}
	}

	err := a.Close()
	if touch.ClassOf(err) != touch.Unavailable || !strings.Contains(err.Error(), "redis") {
		t.Errorf("Close returned %v, want the error of redis", err)
	}
	if want := []string{"listener", "webhooks", "queue", "redis", "ledger"}; !slices.Equal(closed, want) {
		t.Errorf("closed %v, want %v", closed, want)
	}
	if err := a.Close(); err != nil || len(closed) != 5 {
		t.Errorf("closed again: %v, %v", closed, err)
	}
}

// TestBuildFails checks that a step that fails closes what was opened before.
// SQLite deletes its write-ahead log when the last connection is closed.
func TestBuildFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		change func(*Config, *Options)
		want   touch.ErrorClass
	}{
		"policies": {
			change: func(_ *Config, o *Options) { o.Policies = fstest.MapFS{"p.yaml": {Data: []byte("policy: [")}} },
			want:   touch.Invalid,
		},
		"listener": {
			change: func(cfg *Config, _ *Options) { cfg.Listen = taken.Addr().String() },
			want:   touch.Unavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, o := testConfig(t), Options{Logger: slog.New(slog.DiscardHandler)}
			c.change(cfg, &o)
			if _, err := Build(t.Context(), cfg, o); touch.ClassOf(err) != c.want {
				t.Fatalf("Build returned %v, want class %s", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(cfg.Data, "touchgate.db")); err != nil {
				t.Errorf("the ledger was not opened: %v", err)
			}
			if _, err := os.Stat(filepath.Join(cfg.Data, "touchgate.db-wal")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the ledger is still open: %v", err)
			}
		})
	}
}
