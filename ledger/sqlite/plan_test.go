package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"touchgate.dev/ledger/internal/sqldb"
)

// TestPlans: the statements on the hot way seek, they do not scan.
func TestPlans(t *testing.T) {
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
	d := &database{}
	for _, query := range []string{
		`SELECT seqs FROM waits w WHERE w.stage = 2 AND (` + d.In("w.id", 1, sqldb.Integer) + ` OR (w.origin <> 0 AND ` + d.In("w.origin", 1, sqldb.Integer) + `))`,
		`SELECT w.id FROM waits w JOIN campaigns c ON c.no = w.campaign WHERE w.lane = $1 AND w.priority = $2 AND w.expires = $3 AND w.due <= $3 AND w.stage = 0 ORDER BY w.due, w.id LIMIT 9`,
		`SELECT min(w.due) FROM waits w WHERE w.lane = $1 AND w.priority = $2 AND w.expires = $3 AND w.stage = 0`,
		`SELECT min(w.expires) FROM waits w WHERE w.lane = $1 AND w.priority = $2 AND w.expires > $3 AND w.stage = 0`,
		`SELECT w.id FROM waits w WHERE w.campaign = $1 AND w.stage < 2 AND w.lane <> '' ORDER BY w.id LIMIT 9`,
		`SELECT t.seq FROM touches t LEFT JOIN progress p ON p.seq = t.seq WHERE ` + d.In("t.seq", 1, sqldb.Integer),
		`SELECT t.seq FROM touches t WHERE ` + d.In("t.id", 1, sqldb.Bytes),
		`SELECT t.seq FROM touches t LEFT JOIN progress p ON p.seq = t.seq JOIN campaigns c ON c.no = t.campaign WHERE ` + d.In("t.customer", 1, sqldb.String) + ` ORDER BY t.seq`,
		`SELECT t.seq FROM touches t WHERE t.seq > $1 AND t.campaign = (SELECT no FROM campaigns WHERE caller = $2 AND name = $3) ORDER BY t.seq LIMIT 9`,
		`SELECT body FROM journal WHERE ` + d.In("id", 1, sqldb.Integer) + ` ORDER BY pos`,
	} {
		rows, err := db.Query("EXPLAIN QUERY PLAN "+query, "[]", 0, 0)
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
			if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "json_each") {
				t.Errorf("%s\n%s", detail, query)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(query, err)
		}
	}
}
