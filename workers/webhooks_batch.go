package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// webhookBody is the body of a webhook call.
type webhookBody struct {
	Type      string            `json:"type"`
	Timestamp time.Time         `json:"timestamp"`
	Data      []json.RawMessage `json:"data"`
}

// webhookBatch is the events of a delivery.
type webhookBatch struct {
	events  []json.RawMessage
	size    int
	more    bool // there may be events that did not fit
	skipped int  // events before these that the subscription does not want
}

// add appends an event. It returns false, and leaves the event out, when the
// batch is full.
func (b *webhookBatch) add(e *touch.Event) (bool, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	if len(b.events) == webhookEvents || len(b.events) > 0 && b.size+len(data) > webhookBytes {
		return false, nil
	}
	b.events = append(b.events, data)
	b.size += len(data)
	return true, nil
}

// body is the same whenever it is made from the same delivery.
func (b *webhookBatch) body(d *ledger.Delivery) ([]byte, error) {
	return json.Marshal(webhookBody{Type: "touch.events", Timestamp: d.At.UTC(), Data: b.events})
}

// maxSkipped bounds how many pages of events that a webhook does not want one
// turn passes over.
const maxSkipped = 20

// collect makes the next delivery of a subscription its pending one, and
// returns the events. Where there are only events that it does not want, it
// moves the cursor behind them.
func (w *Webhooks) collect(ctx context.Context, sub *ledger.Subscription) (*webhookBatch, error) {
	batch := &webhookBatch{}
	for range maxSkipped {
		events, err := w.events.List(ctx, sub.Caller, sub.Cursor, webhookEvents)
		if err != nil || len(events) == 0 {
			return batch, err
		}
		batch.more = len(events) == webhookEvents
		through := sub.Cursor
		for i := range events {
			if wants(sub, &events[i]) {
				added, err := batch.add(&events[i])
				if err != nil {
					return nil, err
				}
				if !added {
					batch.more = true
					break
				}
			}
			through = events[i].Seq
		}
		if len(batch.events) > 0 {
			sub.Pending = &ledger.Delivery{
				ID: fmt.Sprintf("%s-%d", sub.ID, through), After: sub.Cursor, Through: through, At: w.now().UTC().Truncate(time.Microsecond),
			}
			return batch, nil
		}
		sub.Cursor = through
		batch.skipped += len(events)
	}
	return batch, nil
}

// read makes the body of a delivery that was made before. Events that retention
// has deleted meanwhile are missing in it.
func (w *Webhooks) read(ctx context.Context, sub *ledger.Subscription, d *ledger.Delivery) ([]byte, error) {
	batch := &webhookBatch{events: []json.RawMessage{}}
	for after := d.After; after < d.Through; {
		events, err := w.events.List(ctx, sub.Caller, after, webhookEvents)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			break
		}
		for i := range events {
			e := &events[i]
			if after = e.Seq; after > d.Through {
				break
			}
			if wants(sub, e) {
				data, err := json.Marshal(e)
				if err != nil {
					return nil, err
				}
				batch.events = append(batch.events, data)
			}
		}
	}
	return batch.body(d)
}

// wants reports whether a subscription hears of an event; no kinds are all.
func wants(sub *ledger.Subscription, e *touch.Event) bool {
	return len(sub.Kinds) == 0 || slices.Contains(sub.Kinds, e.Kind)
}
