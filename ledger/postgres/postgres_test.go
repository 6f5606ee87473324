package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/ledgertest"
	"touchgate.dev/ledger/postgres"
)

// opener returns a function that opens a ledger in a new schema of one server.
func opener(t testing.TB) ledgertest.Open {
	dsn := servertest.Postgres(t)
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	var n atomic.Int64
	return func(t testing.TB, now func() time.Time) *ledger.Ledger {
		t.Helper()
		name := fmt.Sprintf("ledger%d", n.Add(1))
		if _, err := admin.Exec("CREATE SCHEMA " + name); err != nil {
			t.Fatal(err)
		}
		l, err := postgres.Open(context.Background(), dsn+" search_path="+name, postgres.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

func TestLedger(t *testing.T) { ledgertest.Run(t, opener(t)) }

func TestMigrateNumbers(t *testing.T) {
	dsn := servertest.Postgres(t)
	l, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.MigrateNumbers(t, l, func() *ledger.Ledger {
		l.Close()
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), ledgertest.MigrationUp(t, "migrations/0006_numbers.sql")); err != nil {
			t.Fatal(err)
		}
		again, err := postgres.Open(t.Context(), dsn, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { again.Close() })
		return again
	})
}

func BenchmarkLedger(b *testing.B) { ledgertest.Benchmark(b, opener(b)) }
