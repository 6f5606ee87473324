package sqlstore

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// updateControl runs fn, which changes what may stop a touch, and logs the
// event. It raises the control version first: the row is locked from then to the
// commit, so a reader of the version, and Intend, wait for the whole change.
func (s *core) updateControl(ctx context.Context, e touch.Event, fn func(*tx) error) error {
	e.Kind = touch.EventControl
	return s.update(ctx, func(t *tx) error {
		if _, err := t.exec(`UPDATE control SET fence = fence + 1 WHERE id = 1`); err != nil {
			return err
		}
		if err := fn(t); err != nil {
			return err
		}
		_, err := t.log([]touch.Event{e})
		return err
	})
}

// assertControlVersion queues the check that the version is still the one that
// touches were judged under, and keeps it from rising before the transaction
// ends. The next Flush fails with ErrControlChanged when it has risen.
func (t *tx) assertControlVersion(judged ledger.ControlVersion) {
	t.ask(func(rows sqldb.Rows) error {
		var now ledger.ControlVersion
		if err := rows.Scan(&now); err != nil {
			return err
		}
		if now != judged {
			return ledger.ErrControlChanged
		}
		return nil
	}, `SELECT fence FROM control WHERE id = 1`+t.core.db.ForShare())
}

// Version implements ledger.Controls.
func (s controlStore) Version(ctx context.Context) (version ledger.ControlVersion, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&version}, `SELECT fence FROM control WHERE id = 1`)
		return err
	})
	return version, err
}
