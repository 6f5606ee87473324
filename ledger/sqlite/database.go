package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	moderncsqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
)

// database is SQLite's: arrays are JSON, and there is nothing to lock, since
// there is one writer.
type database struct{ write, read *pool }

var _ sqlstore.Database = (*database)(nil)

func (*database) In(column string, n int, kind sqlstore.Kind) string {
	value := "value"
	if kind == sqlstore.Blob {
		value = "unhex(value)"
	}
	return fmt.Sprintf("%s IN (SELECT %s FROM json_each($%d))", column, value, n)
}

func (*database) Array(values any) any {
	if blobs, ok := values.([][]byte); ok {
		texts := make([]string, len(blobs))
		for i, b := range blobs {
			texts[i] = hex.EncodeToString(b)
		}
		values = texts
	}
	b, err := json.Marshal(values)
	if err != nil {
		panic("sqlite: numbers and strings always marshal: " + err.Error())
	}
	if string(b) == "null" {
		return "[]"
	}
	return string(b)
}

// Insert runs a statement for each row: here that is as fast as any statement
// over many rows. Rows go in the order of their key, so that a table with rising
// keys only grows at its end: rows put between others split its pages.
func (*database) Insert(s sqlstore.Session, ins *sqlstore.Insert, columns []any, into *sqlstore.Inserted) {
	text := insertText(ins)
	args := make([]any, len(columns))
	for _, row := range rowOrder(ins, columns) {
		for i, column := range columns {
			switch c := column.(type) {
			case []int64:
				args[i] = c[row]
			case []string:
				args[i] = c[row]
			case [][]byte:
				args[i] = c[row]
			}
		}
		s.Send(sqlstore.Statement{Query: text, Args: args, Done: func(n int64) error {
			into.Affected += int(n)
			if into.Hits != nil {
				into.Hits[row] = n > 0
			}
			return nil
		}})
	}
}

// rowOrder is the order in which rows are written.
func rowOrder(ins *sqlstore.Insert, columns []any) []int {
	rows := make([]int, rowCount(columns[0]))
	for i := range rows {
		rows[i] = i
	}
	if ins.Key != "" {
		keys := columns[slices.Index(ins.Columns, ins.Key)].([]int64)
		slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	}
	return rows
}

func rowCount(column any) int {
	switch c := column.(type) {
	case []int64:
		return len(c)
	case []string:
		return len(c)
	default:
		return len(c.([][]byte))
	}
}

func insertText(ins *sqlstore.Insert) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES (", ins.Table, strings.Join(ins.Columns, ", "))
	for i := range ins.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteString(")")
	if ins.OnConflict != "" {
		b.WriteString(" ON CONFLICT " + ins.OnConflict)
	}
	return b.String()
}

// Append reads the head, where PostgreSQL moves it in one statement: SQLite has
// no hash to bind the records with.
func (*database) Append(s sqlstore.Session, records []sqlstore.Record) error {
	var pos int64
	var hash []byte
	s.Send(sqlstore.Statement{Query: `SELECT pos, hash FROM head WHERE id = 1`, Row: func(rows sqlstore.Rows) error {
		return rows.Scan(&pos, &hash)
	}})
	if err := s.Flush(); err != nil {
		return err
	}
	for i := range records {
		r := &records[i]
		pos++
		hash = ledger.ChainHash(hash, r.Sum)
		s.Send(sqlstore.Statement{
			Query: `INSERT INTO journal (pos, id, at, count, callers, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			Args:  []any{pos, r.ID, r.At, r.Count, r.Callers, r.Body, hash},
		})
	}
	s.Send(sqlstore.Statement{Query: `UPDATE head SET pos = $1, hash = $2 WHERE id = 1`, Args: []any{pos, hash}})
	return nil
}

func (*database) Take(s sqlstore.Session, sequence string, n int) ([]int64, error) {
	var last int64
	s.Send(sqlstore.Statement{
		Query: `UPDATE sequences SET value = value + $1 WHERE name = $2 RETURNING value`, Args: []any{n, sequence},
		Row: func(rows sqlstore.Rows) error { return rows.Scan(&last) },
	})
	if err := s.Flush(); err != nil {
		return nil, err
	}
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = last - int64(n-1-i)
	}
	return numbers, nil
}

func (*database) Lock() string             { return "" }
func (*database) LockShare() string        { return "" }
func (*database) LockSkip() string         { return "" }
func (*database) LockSkipOf(string) string { return "" }

// Ping implements sqlstore.Database.
func (d *database) Ping(ctx context.Context) error { return d.read.db.PingContext(ctx) }

// Close implements sqlstore.Database.
func (d *database) Close() error { return errors.Join(d.write.close(), d.read.close()) }

func (*database) Fault(err error) sqlstore.Fault {
	if errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "database is closed") {
		return sqlstore.FaultDown
	}
	var e *moderncsqlite.Error
	if !errors.As(err, &e) {
		return sqlstore.FaultOther
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL:
		return sqlstore.FaultDown
	}
	return sqlstore.FaultOther
}
