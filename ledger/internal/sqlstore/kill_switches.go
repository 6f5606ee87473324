package sqlstore

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// PutKillSwitch implements ledger.Controls.
func (s controlStore) PutKillSwitch(ctx context.Context, k ledger.KillSwitch, actor string, now time.Time) error {
	doc, err := marshal(k)
	if err != nil {
		return s.classify(err)
	}
	e := touch.Event{
		At: now, Actor: actor, Channel: k.Channel, Reason: fmt.Sprintf("stop %s by %s: %s", k.ID, k.Owner, k.Reason),
	}
	return s.updateControl(ctx, e, func(t *tx) error {
		_, err := t.exec(`INSERT INTO stops (id, doc) VALUES ($1, $2)
			ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`, k.ID, doc)
		return err
	})
}

// EndKillSwitch implements ledger.Controls.
func (s controlStore) EndKillSwitch(ctx context.Context, id, actor string, now time.Time) error {
	e := touch.Event{At: now, Actor: actor, Reason: "end of stop " + id}
	return s.updateControl(ctx, e, func(t *tx) error {
		n, err := t.exec(`DELETE FROM stops WHERE id = $1`, id)
		if err == nil && n == 0 {
			return notFound("this stop")
		}
		return err
	})
}
