package sqlite_test

import (
	"context"
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

func BenchmarkLedger(b *testing.B) { ledgertest.Benchmark(b, open) }
