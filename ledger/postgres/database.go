package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"touchgate.dev/ledger/internal/sqlstore"
)

// database is PostgreSQL's: rows are written as arrays, one statement for all.
type database struct {
	pool  *pgxpool.Pool
	mu    sync.Mutex
	spare map[string]spare
}

// spare are numbers of a sequence that were drawn and not used yet.
type spare struct{ next, end int64 }

var _ sqlstore.Database = (*database)(nil)

func newDatabase(pool *pgxpool.Pool) *database {
	return &database{pool: pool, spare: map[string]spare{}}
}

func (*database) In(column string, n int, _ sqlstore.Kind) string {
	return fmt.Sprintf("%s = ANY($%d)", column, n)
}

func (*database) Array(values any) any { return values }

func (*database) Insert(s sqlstore.Session, ins *sqlstore.Insert, columns []any, into *sqlstore.Inserted) {
	st := sqlstore.Statement{Query: insertText(ins), Args: columns}
	if ins.Key == "" {
		st.Done = func(n int64) error {
			into.Affected = int(n)
			return nil
		}
		s.Send(st)
		return
	}
	at := make(map[int64]int, len(into.Hits))
	for i, key := range columns[slices.Index(ins.Columns, ins.Key)].([]int64) {
		at[key] = i
	}
	st.Row = func(rows sqlstore.Rows) error {
		var key int64
		if err := rows.Scan(&key); err != nil {
			return err
		}
		into.Hits[at[key]] = true
		into.Affected++
		return nil
	}
	s.Send(st)
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

// Append moves the head and writes the record it moved to in one statement,
// which needs no answer.
func (*database) Append(s sqlstore.Session, records []sqlstore.Record) error {
	for i := range records {
		r := &records[i]
		s.Send(sqlstore.Statement{
			Query: `WITH h AS (UPDATE head SET pos = pos + 1, hash = sha256(hash || $1) WHERE id = 1 RETURNING pos, hash)
				INSERT INTO journal (pos, id, at, count, callers, body, hash) SELECT h.pos, $2, $3, $4, $5, $6, h.hash FROM h`,
			Args: []any{r.Sum[:], r.ID, r.At, r.Count, r.Callers, r.Body},
		})
	}
	return nil
}

// block is by how much the sequences rise that are drawn by block.
const block = 1000

// Take draws numbers of touches one by one, so that they follow the order of
// arrival on all nodes, and all other numbers from a block of the node's own.
func (d *database) Take(s sqlstore.Session, sequence string, n int) ([]int64, error) {
	if sequence == "touches" {
		return draw(s, `SELECT nextval('seq_touches') FROM generate_series(1, $1)`, n)
	}
	numbers := d.fromSpare(sequence, make([]int64, 0, n), n)
	for len(numbers) < n {
		// Not under the lock: what the session sent before may wait for others.
		first, err := draw(s, `SELECT nextval('seq_`+sequence+`')`)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		d.spare[sequence] = spare{first[0], first[0] + block}
		d.mu.Unlock()
		numbers = d.fromSpare(sequence, numbers, n)
	}
	return numbers, nil
}

// fromSpare adds spare numbers, up to n in all.
func (d *database) fromSpare(sequence string, numbers []int64, n int) []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.spare[sequence]
	for ; len(numbers) < n && s.next < s.end; s.next++ {
		numbers = append(numbers, s.next)
	}
	d.spare[sequence] = s
	return numbers
}

func draw(s sqlstore.Session, query string, args ...any) (numbers []int64, err error) {
	s.Send(sqlstore.Statement{Query: query, Args: args, Row: func(rows sqlstore.Rows) error {
		var number int64
		err := rows.Scan(&number)
		numbers = append(numbers, number)
		return err
	}})
	err = s.Flush()
	return numbers, err
}

func (*database) Lock() string      { return " FOR UPDATE" }
func (*database) LockShare() string { return " FOR SHARE" }
func (*database) LockSkip() string  { return " FOR UPDATE SKIP LOCKED" }
func (*database) LockSkipOf(table string) string {
	return " FOR UPDATE OF " + table + " SKIP LOCKED"
}

// Ping implements sqlstore.Database.
func (d *database) Ping(ctx context.Context) error { return d.pool.Ping(ctx) }

// Close implements sqlstore.Database.
func (d *database) Close() error {
	d.pool.Close()
	return nil
}

// Fault goes by SQLSTATE; an error without one comes from the connection.
func (*database) Fault(err error) sqlstore.Fault {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch e.Code {
		case "40001", "40P01": // serialization failure, deadlock
			return sqlstore.FaultRaced
		case "22021", "22P05": // a byte that text cannot hold
			return sqlstore.FaultText
		case "25006": // read only: a standby
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
	if errors.As(err, &netErr) || errors.As(err, &connectErr) || errors.Is(err, errNotCommitted) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "closed pool") || strings.Contains(err.Error(), "conn closed") {
		return sqlstore.FaultDown
	}
	return sqlstore.FaultOther
}
