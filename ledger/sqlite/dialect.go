package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	moderncsqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"touchgate.dev/ledger/internal/sqlstore"
)

// dialect is SQLite's: arrays are JSON, and there is nothing to lock, since
// there is one writer.
type dialect struct{}

var _ sqlstore.Dialect = dialect{}

func (dialect) In(column string, n int, kind sqlstore.Kind) string {
	value := "value"
	if kind == sqlstore.Blob {
		value = "unhex(value)"
	}
	return fmt.Sprintf("%s IN (SELECT %s FROM json_each($%d))", column, value, n)
}

func (dialect) Array(values any) any {
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

// Insert runs a prepared statement for each row: here that is as fast as any
// statement over many rows.
func (dialect) Insert(q sqlstore.Querier, ins *sqlstore.Insert, rows int, columns []any) (affected int, hits []bool, err error) {
	stmt, ctx, err := q.Prepared(insertText(ins))
	if err != nil {
		return 0, nil, err
	}
	if ins.Key != "" {
		hits = make([]bool, rows)
	}
	args := make([]any, len(columns))
	for row := range rows {
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
		res, err := stmt.ExecContext(ctx, args...)
		if err != nil {
			return 0, nil, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, nil, err
		}
		affected += int(n)
		if hits != nil {
			hits[row] = n > 0
		}
	}
	return affected, hits, nil
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

func (dialect) Take(q sqlstore.Querier, sequence string, n int) ([]int64, error) {
	rows, err := q.Query(`UPDATE sequences SET value = value + $1 WHERE name = $2 RETURNING value`, n, sequence)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var last int64
	for rows.Next() {
		if err := rows.Scan(&last); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = last - int64(n-1-i)
	}
	return numbers, nil
}

func (dialect) Lock() string             { return "" }
func (dialect) LockShare() string        { return "" }
func (dialect) LockSkip() string         { return "" }
func (dialect) LockSkipOf(string) string { return "" }
func (dialect) Prepare() bool            { return true }

// Snapshot: a transaction that reads sees one state at any isolation.
func (dialect) Snapshot() sql.IsolationLevel { return sql.LevelDefault }

// Context cuts statements off from cancelling: the driver would start a
// goroutine for each, and they take microseconds.
func (dialect) Context(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func (dialect) Fault(err error) sqlstore.Fault {
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
