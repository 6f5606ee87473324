package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"touchgate.dev/ledger/internal/sqlstore"
)

// TestPlansSeek checks that the statements which are sent for each batch of
// touches find their rows by an index. A scan of a table would grow with it.
func TestPlansSeek(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	l, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	for name, query := range sqlstore.HotStatements(&database{}) {
		t.Run(name, func(t *testing.T) {
			for _, step := range queryPlan(t, db, query) {
				if isTableScan(step) {
					t.Errorf("%s, in\n%s", step, query)
				}
			}
		})
	}
}

// param is a parameter of a statement.
var param = regexp.MustCompile(`\$\d+`)

// queryPlan returns the steps by which SQLite runs a query.
func queryPlan(t *testing.T, db *sql.DB, query string) (steps []string) {
	t.Helper()
	params := param.FindAllString(query, -1)
	slices.Sort(params)
	args := make([]any, len(slices.Compact(params)))
	for i := range args {
		args[i] = "[]"
	}
	rows, err := db.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(query, err)
	}
	return steps
}

// notTables are what a statement may scan: the values of a parameter, and
// results of its own that are as short as what it asks for.
var notTables = []string{"json_each", "CONSTANT", "priorities", "ranks", "dues", "holds", "m"}

func isTableScan(step string) bool {
	what, scans := strings.CutPrefix(step, "SCAN ")
	return scans && !strings.HasPrefix(what, "(subquery") && !slices.Contains(notTables, strings.Fields(what)[0])
}
