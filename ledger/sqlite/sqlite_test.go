package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/ledgertest"
	"touchgate.dev/ledger/sqlite"
)

func open(t testing.TB, now func() time.Time) *ledger.Ledger {
	t.Helper()
	l, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "a ledger?.db"), sqlite.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLedger(t *testing.T) { ledgertest.Run(t, open) }

func TestMigrateNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.MigrateNumbers(t, l, func() *ledger.Ledger {
		l.Close()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), ledgertest.MigrationUp(t, "migrations/0006_numbers.sql")); err != nil {
			t.Fatal(err)
		}
		again, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { again.Close() })
		return again
	})
}

func BenchmarkLedger(b *testing.B) { ledgertest.Benchmark(b, open) }
