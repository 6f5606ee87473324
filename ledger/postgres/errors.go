package postgres

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"touchgate.dev/ledger/internal/sqldb"
)

// errNotCommitted says that the server answered a commit with a rollback.
var errNotCommitted = errors.New("postgres: the transaction was rolled back")

// ErrorKind implements sqldb.Database. An error from the server has an SQLSTATE
// code; an error without one comes from the connection.
func (*database) ErrorKind(err error) sqldb.ErrorKind {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return kindOfState(e.Code)
	}
	if isConnectionError(err) {
		return sqldb.KindUnavailable
	}
	return sqldb.KindOther
}

func kindOfState(sqlState string) sqldb.ErrorKind {
	switch sqlState {
	case "40001", "40P01": // serialization failure, deadlock
		return sqldb.KindConflict
	case "22021", "22P05": // a character that text cannot hold
		return sqldb.KindInvalidText
	case "25006": // read-only transaction: this server is a standby
		return sqldb.KindUnavailable
	}
	switch sqlState[:2] {
	case "08", "53", "57", "58": // connection, resources, shutdown, input and output
		return sqldb.KindUnavailable
	}
	return sqldb.KindOther
}

func isConnectionError(err error) bool {
	var netErr net.Error
	var connectErr *pgconn.ConnectError
	if errors.As(err, &netErr) || errors.As(err, &connectErr) {
		return true
	}
	for _, known := range []error{errNotCommitted, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, known) {
			return true
		}
	}
	// The driver has no error values for these two.
	return strings.Contains(err.Error(), "closed pool") || strings.Contains(err.Error(), "conn closed")
}
