package sqlite

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/sqlstore"
)

// database implements sqlstore.Driver over one file. One connection writes; the
// others read beside it.
type database struct{ write, read *pool }

var _ sqlstore.Driver = (*database)(nil)

// In implements sqldb.Dialect. SQLite has no arrays: one is passed as a JSON
// text, and byte strings in it as hexadecimal digits.
func (*database) In(column string, n int, values sqldb.ColumnType) string {
	value := "value"
	if values == sqldb.Bytes {
		value = "unhex(value)"
	}
	return fmt.Sprintf("%s IN (SELECT %s FROM json_each($%d))", column, value, n)
}

// Array implements sqldb.Dialect.
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

// ForUpdate implements sqldb.Dialect. Nothing needs a lock: only one
// transaction at a time writes.
func (*database) ForUpdate() string { return "" }

// ForShare implements sqldb.Dialect.
func (*database) ForShare() string { return "" }

// SkipLocked implements sqldb.Dialect.
func (*database) SkipLocked() string { return "" }

// SkipLockedOf implements sqldb.Dialect.
func (*database) SkipLockedOf(string) string { return "" }

// Ping implements sqldb.Database.
func (d *database) Ping(ctx context.Context) error { return d.read.db.PingContext(ctx) }

// Close implements sqldb.Database.
func (d *database) Close() error { return errors.Join(d.write.close(), d.read.close()) }
