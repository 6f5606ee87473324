package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"touchgate.dev/ledger/internal/sqlstore"
)

// session is one connection. What is sent is gathered and goes out as one
// pipeline with the next Flush, the transaction's begin and end along with it:
// a transaction costs a round trip for each answer it has to wait for, not one
// for each statement.
type session struct {
	ctx     context.Context
	conn    *pgxpool.Conn
	inTx    bool
	pending *pgx.Batch
	asked   bool // whether an answer is pending that may yet stop a commit
}

var _ sqlstore.Session = (*session)(nil)

// Begin implements sqlstore.Database.
func (d *database) Begin(ctx context.Context, readOnly bool) (sqlstore.Session, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	begin := "begin"
	if readOnly {
		begin = "begin isolation level repeatable read read only"
	}
	s := &session{ctx: ctx, conn: conn, inTx: true, pending: &pgx.Batch{}}
	s.pending.Queue(begin)
	return s, nil
}

// Look implements sqlstore.Database.
func (d *database) Look(ctx context.Context) (sqlstore.Session, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &session{ctx: ctx, conn: conn, pending: &pgx.Batch{}}, nil
}

// Send implements sqlstore.Session.
func (s *session) Send(st sqlstore.Statement) {
	queued := s.pending.Queue(st.Query, st.Args...)
	switch {
	case st.Row != nil:
		s.asked = true
		queued.Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := st.Row(rows); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	case st.Done != nil:
		queued.Exec(func(tag pgconn.CommandTag) error { return st.Done(tag.RowsAffected()) })
	}
}

// Flush implements sqlstore.Session.
func (s *session) Flush() error {
	if s.pending.Len() == 0 {
		return nil
	}
	batch := s.pending
	s.pending, s.asked = &pgx.Batch{}, false
	return s.conn.SendBatch(s.ctx, batch).Close()
}

// errNotCommitted says that the server answered a commit by undoing all.
var errNotCommitted = errors.New("postgres: the transaction was rolled back")

// Commit implements sqlstore.Session.
func (s *session) Commit() error {
	if s.asked {
		if err := s.Flush(); err != nil {
			return err
		}
	}
	s.pending.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errNotCommitted
		}
		return nil
	})
	return s.Flush()
}

// closing bounds how long a connection is waited for that is given up.
const closing = 5 * time.Second

// Close implements sqlstore.Session. A connection on which the rollback fails
// is closed by its pool.
func (s *session) Close() {
	if pg := s.conn.Conn().PgConn(); s.inTx && !pg.IsClosed() && pg.TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), closing)
		defer cancel()
		_, _ = s.conn.Exec(ctx, "rollback")
	}
	s.conn.Release()
}
