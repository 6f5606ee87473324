package sqlstore

import (
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// updateControl runs fn, which changes what may stop any touch, and logs the
// event. It raises the version of the rules first: the row is locked from then to
// the commit, so a reader of the version, and Intend, wait for the whole change.
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

// nextCampaignChange raises the version of the campaigns. Its row is locked to
// the commit, so whoever reads a number finds the changes of all lower ones. It
// is another row than that of the rules: nobody who sends waits for it.
func (t *tx) nextCampaignChange() (n int64, err error) {
	_, err = t.one([]any{&n}, `UPDATE campaign_changes SET n = n + 1 WHERE id = 1 RETURNING n`)
	return n, err
}

// controlAssertion checks that nothing has changed that binds touches since they
// were judged.
type controlAssertion struct {
	t         *tx
	judged    ledger.ControlVersion
	campaigns int64 // their version now; known when the session was flushed
}

// assertControlVersion queues the check that the version of the rules is still
// the one that touches were judged under, and keeps it from rising before the
// transaction ends. The next Flush fails with ErrControlChanged when it has risen.
// After it, call noneChanged for the campaigns.
func (t *tx) assertControlVersion(judged ledger.ControlVersion) *controlAssertion {
	a := &controlAssertion{t: t, judged: judged}
	t.ask(func(rows sqldb.Rows) error {
		var rules int64
		if err := rows.Scan(&rules, &a.campaigns); err != nil {
			return err
		}
		if rules != judged.Rules {
			return ledger.ErrControlChanged
		}
		return nil
	}, `SELECT fence, (SELECT n FROM campaign_changes WHERE id = 1) FROM control WHERE id = 1`+t.core.db.ForShare())
	return a
}

// noneChanged fails with ErrControlChanged if one of the campaigns got another
// status since the touches were judged. A change that commits after this look is
// met by the worker when it confirms the version, before each call.
func (a *controlAssertion) noneChanged(campaigns func() ([]int64, error)) error {
	if a.campaigns == a.judged.Campaigns {
		return nil
	}
	var changed []int64
	err := a.t.each(func(rows sqldb.Rows) error {
		var no int64
		err := rows.Scan(&no)
		changed = append(changed, no)
		return err
	}, `SELECT no FROM campaigns WHERE changed > $1 AND changed > 0`, a.judged.Campaigns)
	if err != nil || len(changed) == 0 {
		return err
	}
	own, err := campaigns()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(own, func(no int64) bool { return slices.Contains(changed, no) }) {
		return ledger.ErrControlChanged
	}
	return nil
}

func campaignsOfSQL(d sqldb.Dialect) string {
	return `SELECT DISTINCT campaign FROM touches WHERE ` + d.In("seq", 1, sqldb.Integer)
}

// campaignsOf returns the numbers of the campaigns of touches.
func (c *conn) campaignsOf(seqs []int64) (nos []int64, err error) {
	err = c.each(func(rows sqldb.Rows) error {
		var no int64
		err := rows.Scan(&no)
		nos = append(nos, no)
		return err
	}, c.core.sql.campaignsOf, c.array(seqs))
	return nos, err
}

// Version implements ledger.Controls.
func (s controlStore) Version(ctx context.Context) (version ledger.ControlVersion, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&version.Rules, &version.Campaigns},
			`SELECT fence, (SELECT n FROM campaign_changes WHERE id = 1) FROM control WHERE id = 1`)
		return err
	})
	return version, err
}
