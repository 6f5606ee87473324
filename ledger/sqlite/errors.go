package sqlite

import (
	"database/sql"
	"errors"
	"strings"

	moderncsqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"touchgate.dev/ledger/internal/sqldb"
)

// ErrorKind implements sqldb.Database. Transactions that write wait for each
// other, so there are no conflicts.
func (*database) ErrorKind(err error) sqldb.ErrorKind {
	if errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "database is closed") {
		return sqldb.KindUnavailable
	}
	var e *moderncsqlite.Error
	if !errors.As(err, &e) {
		return sqldb.KindOther
	}
	switch e.Code() & 0xff { // the lowest byte is the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL:
		return sqldb.KindUnavailable
	}
	return sqldb.KindOther
}
