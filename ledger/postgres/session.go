package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"touchgate.dev/ledger/internal/sqldb"
)

// session is one connection. It collects the queued statements and sends them
// as one pipeline with the next Flush, together with the begin and the commit
// of the transaction. So a transaction costs one round trip for each result
// that it waits for, instead of one for each statement.
type session struct {
	ctx   context.Context
	conn  *pgxpool.Conn
	inTx  bool
	batch *pgx.Batch // queued and not sent yet
	// mustRead is set when a queued statement returns rows. What the caller
	// makes of them may be an error, so they are read before the commit is sent.
	mustRead bool
}

var _ sqldb.Session = (*session)(nil)

// Begin implements sqldb.Database.
func (d *database) Begin(ctx context.Context, readOnly bool) (sqldb.Session, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	begin := "begin"
	if readOnly {
		begin = "begin isolation level repeatable read read only"
	}
	s := &session{ctx: ctx, conn: conn, inTx: true, batch: &pgx.Batch{}}
	s.batch.Queue(begin)
	return s, nil
}

// Autocommit implements sqldb.Database.
func (d *database) Autocommit(ctx context.Context) (sqldb.Session, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &session{ctx: ctx, conn: conn, batch: &pgx.Batch{}}, nil
}

// Queue implements sqldb.Session.
func (s *session) Queue(st sqldb.Statement) {
	queued := s.batch.Queue(st.Query, st.Args...)
	switch {
	case st.Row != nil:
		s.mustRead = true
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

// Flush implements sqldb.Session.
func (s *session) Flush() error {
	if s.batch.Len() == 0 {
		return nil
	}
	batch := s.batch
	s.batch = &pgx.Batch{}
	s.mustRead = false
	return s.conn.SendBatch(s.ctx, batch).Close()
}

// Commit implements sqldb.Session.
func (s *session) Commit() error {
	if s.mustRead {
		if err := s.Flush(); err != nil {
			return err
		}
	}
	// A server answers a commit with ROLLBACK, and without an error, when a
	// statement of the transaction had failed.
	s.batch.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errNotCommitted
		}
		return nil
	})
	return s.Flush()
}

// rollbackTimeout bounds how long Close waits for the rollback.
const rollbackTimeout = 5 * time.Second

// Close implements sqldb.Session. When the rollback fails, the pool closes the
// connection.
func (s *session) Close() {
	pg := s.conn.Conn().PgConn()
	if s.inTx && !pg.IsClosed() && pg.TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), rollbackTimeout)
		defer cancel()
		_, _ = s.conn.Exec(ctx, "rollback")
	}
	s.conn.Release()
}
