package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"touchgate.dev/ledger/internal/sqlstore"
)

// dialect is PostgreSQL's: rows are written as arrays, one statement for all.
type dialect struct {
	mu    sync.Mutex
	spare map[string]*spare
}

// spare are numbers of a sequence that were drawn and not used yet.
type spare struct{ next, end int64 }

var _ sqlstore.Dialect = (*dialect)(nil)

func newDialect() *dialect { return &dialect{spare: map[string]*spare{}} }

func (*dialect) In(column string, n int, _ sqlstore.Kind) string {
	return fmt.Sprintf("%s = ANY($%d)", column, n)
}

func (*dialect) Array(values any) any { return values }

func (*dialect) Insert(q sqlstore.Querier, ins *sqlstore.Insert, rows int, columns []any) (affected int, hits []bool, err error) {
	text := insertText(ins)
	if ins.Key == "" {
		n, err := q.Exec(text, columns...)
		return int(n), nil, err
	}
	written, err := q.Query(text, columns...)
	if err != nil {
		return 0, nil, err
	}
	defer written.Close()
	keys := make(map[int64]struct{}, rows)
	for written.Next() {
		var key int64
		if err := written.Scan(&key); err != nil {
			return 0, nil, err
		}
		keys[key] = struct{}{}
	}
	if err := written.Err(); err != nil {
		return 0, nil, err
	}
	hits = make([]bool, rows)
	for i, key := range columns[slices.Index(ins.Columns, ins.Key)].([]int64) {
		_, hits[i] = keys[key]
	}
	return len(keys), hits, nil
}

func insertText(ins *sqlstore.Insert) string {
	types := map[sqlstore.Kind]string{sqlstore.Int: "bigint", sqlstore.Text: "text", sqlstore.Blob: "bytea"}
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) SELECT * FROM unnest(", ins.Table, strings.Join(ins.Columns, ", "))
	for i := range ins.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d::%s[]", i+1, types[sqlstore.Kind(ins.Kinds[i])])
	}
	b.WriteString(")")
	if ins.OnConflict != "" {
		b.WriteString(" ON CONFLICT " + ins.OnConflict)
	}
	if ins.Key != "" {
		b.WriteString(" RETURNING " + ins.Key)
	}
	return b.String()
}

// block is by how much the sequences rise that are drawn by block.
const block = 1000

// Take draws numbers of touches one by one, so that they follow the order of
// arrival on all nodes, and all other numbers from a block of the node's own.
func (d *dialect) Take(q sqlstore.Querier, sequence string, n int) ([]int64, error) {
	numbers := make([]int64, 0, n)
	if sequence == "touches" {
		return d.draw(q, `SELECT nextval('seq_touches') FROM generate_series(1, $1)`, numbers, n)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.spare[sequence]
	if s == nil {
		s = &spare{}
		d.spare[sequence] = s
	}
	for len(numbers) < n {
		if s.next == s.end {
			first, err := d.draw(q, `SELECT nextval('seq_`+sequence+`')`, nil, 0)
			if err != nil {
				return nil, err
			}
			s.next, s.end = first[0], first[0]+block
		}
		numbers = append(numbers, s.next)
		s.next++
	}
	return numbers, nil
}

func (*dialect) draw(q sqlstore.Querier, query string, numbers []int64, n int) ([]int64, error) {
	var args []any
	if n > 0 {
		args = []any{n}
	}
	rows, err := q.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var number int64
		if err := rows.Scan(&number); err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, rows.Err()
}

func (*dialect) Lock() string      { return " FOR UPDATE" }
func (*dialect) LockShare() string { return " FOR SHARE" }
func (*dialect) LockSkip() string  { return " FOR UPDATE SKIP LOCKED" }
func (*dialect) LockSkipOf(table string) string {
	return " FOR UPDATE OF " + table + " SKIP LOCKED"
}
func (*dialect) Prepare() bool                { return false } // the driver keeps statements
func (*dialect) Snapshot() sql.IsolationLevel { return sql.LevelRepeatableRead }

func (*dialect) Context(ctx context.Context) context.Context { return ctx }

// Fault goes by SQLSTATE; an error without one comes from the connection.
func (*dialect) Fault(err error) sqlstore.Fault {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch {
		case e.Code == "40001", e.Code == "40P01": // serialization failure, deadlock
			return sqlstore.FaultRaced
		case e.Code == "22021", e.Code == "22P05": // a byte that text cannot hold
			return sqlstore.FaultText
		case e.Code == "25006": // read only: a standby
			return sqlstore.FaultDown
		}
		switch e.Code[:2] {
		case "08", "53", "57", "58": // connection, resources, shutdown, input and output
			return sqlstore.FaultDown
		}
		return sqlstore.FaultOther
	}
	var netErr net.Error
	var connectErr *pgconn.ConnectError
	if errors.As(err, &netErr) || errors.As(err, &connectErr) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "database is closed") || strings.Contains(err.Error(), "conn closed") {
		return sqlstore.FaultDown
	}
	return sqlstore.FaultOther
}
