package workers

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// keptCalls is how many of the last calls of a subscription are shown.
const keptCalls = 20

// webhookTurn is what a subscription is to be sent now.
type webhookTurn struct {
	sub      *ledger.Subscription
	delivery *ledger.Delivery // nil: nothing
	body     []byte
	again    bool // somebody asked for the delivery once more
	more     bool // there may be more at once
}

// isOver reports whether the process stops or the subscription has ended. That
// is no error of the serving.
func isOver(ctx context.Context) bool { return ctx.Err() != nil }

// serve makes at most one call for a subscription, and stores what came of it.
func (w *Webhooks) serve(ctx context.Context, id string) (webhookResult, error) {
	turn, err := w.prepare(ctx, id)
	switch {
	case touch.ClassOf(err) == touch.NotFound:
		return webhookResult{}, nil // it has ended
	case err != nil:
		return webhookResult{}, err
	case turn.delivery == nil || isOver(ctx) || !w.mayCall():
		return webhookResult{nextAt: turn.sub.NextAt, more: turn.more}, nil
	}
	call := w.call(ctx, turn.sub, turn.delivery, turn.body)
	if isOver(ctx) {
		return webhookResult{}, nil // the process stops, or it has ended: a call that was cut says nothing
	}
	result, err := w.settle(ctx, turn, &call)
	result.took = call.Took
	return result, err
}

// prepare reads a subscription and the delivery that is next. A new delivery is
// stored before it is made, so that it has the same id and the same events at
// each try, also after a crash.
func (w *Webhooks) prepare(ctx context.Context, id string) (t webhookTurn, err error) {
	defer w.useStore()()
	sub, err := w.subscriptions.Get(ctx, "", id)
	if err != nil {
		return t, err
	}
	t.sub = sub
	if len(sub.Again) > 0 {
		d := sub.Again[0]
		t.delivery = &d
		t.again = true
		t.body, err = w.read(ctx, sub, t.delivery)
		return t, err
	}
	if sub.NextAt.After(w.now()) {
		return t, nil
	}
	if sub.Pending != nil {
		t.delivery = sub.Pending
		t.more = true
		t.body, err = w.read(ctx, sub, t.delivery)
		return t, err
	}

	from := sub.Cursor
	batch, err := w.collect(ctx, sub)
	// Few events that it does not want are read again rather than noted: each
	// event of a caller would otherwise be a write for each of its webhooks.
	if err != nil || sub.Pending == nil && batch.skipped < webhookEvents {
		return t, err
	}
	t.more = batch.more
	saved, err := w.subscriptions.SaveProgress(ctx, sub, from)
	if err != nil || !saved {
		t.more = true // it was changed meanwhile: look again
		return t, err
	}
	if sub.Pending == nil {
		return t, nil // only events that it does not want
	}
	t.delivery = sub.Pending
	t.body, err = batch.body(sub.Pending)
	return t, err
}

// useStore waits for a turn to use the ledger, and returns how it ends.
func (w *Webhooks) useStore() (release func()) {
	w.store <- struct{}{}
	return func() { <-w.store }
}

// settle stores what came of a call.
func (w *Webhooks) settle(ctx context.Context, t webhookTurn, call *ledger.WebhookCall) (webhookResult, error) {
	defer w.useStore()()
	sub := t.sub
	w.count(ctx, sub, call)
	if call.Status == http.StatusGone {
		if ended, err := w.end(ctx, sub); ended || err != nil {
			return webhookResult{}, err
		}
	}

	from, revision := sub.Cursor, sub.Revision
	for {
		w.note(sub, t, call, sub.Revision != revision)
		saved, err := w.subscriptions.SaveProgress(ctx, sub, from)
		if err != nil {
			return webhookResult{}, err
		}
		if saved {
			r := webhookResult{nextAt: sub.NextAt, failed: !isSuccess(call)}
			r.more = t.again || isSuccess(call) && t.more || sub.Revision != revision
			if len(sub.Again) > 0 {
				r.nextAt = time.Time{}
			}
			return r, nil
		}

		// It was changed during the call, has ended, or another process has it.
		sub, err = w.subscriptions.Get(ctx, "", sub.ID)
		switch {
		case touch.ClassOf(err) == touch.NotFound:
			return webhookResult{}, nil
		case err != nil:
			return webhookResult{}, err
		case sub.Cursor != from:
			return webhookResult{more: true}, nil
		}
	}
}

// end ends a subscription whose receiver has gone. One that was changed during
// the call goes on: the answer may be of its earlier address.
func (w *Webhooks) end(ctx context.Context, sub *ledger.Subscription) (ended bool, err error) {
	err = w.subscriptions.End(ctx, "", sub.ID, ledger.SubscriptionAct{
		Actor: "webhooks", At: w.now(), Reason: "its receiver answered 410 Gone", Revision: sub.Revision,
	})
	switch touch.ClassOf(err) {
	case "", touch.NotFound:
		return true, nil
	case touch.Conflict:
		return false, nil
	}
	return false, err
}

// note writes what came of a call into a subscription. changed is set if the
// call was made before the last change: its failure says nothing about now.
func (w *Webhooks) note(sub *ledger.Subscription, t webhookTurn, call *ledger.WebhookCall, changed bool) {
	switch {
	case t.again:
		sub.Again = slices.DeleteFunc(sub.Again, func(d ledger.Delivery) bool { return d.ID == t.delivery.ID })
	case isSuccess(call):
		sub.Cursor = t.delivery.Through
		sub.Failures = 0
		sub.NextAt = time.Time{}
		sub.Pending = nil
	case !changed:
		sub.Failures++
		sub.NextAt = w.now().Add(min(time.Second<<min(sub.Failures, 12), webhookMaxWait))
	}
	sub.Calls = append(sub.Calls, *call)
	if extra := len(sub.Calls) - keptCalls; extra > 0 {
		sub.Calls = sub.Calls[extra:]
	}
}

func isSuccess(call *ledger.WebhookCall) bool { return call.Status/100 == 2 }

func (w *Webhooks) count(ctx context.Context, sub *ledger.Subscription, call *ledger.WebhookCall) {
	if isSuccess(call) {
		w.calls.WithLabelValues("ok").Inc()
		return
	}
	result := "failed"
	if call.Status == http.StatusGone {
		result = "gone"
	}
	w.calls.WithLabelValues(result).Inc()
	w.log.LogAttrs(ctx, slog.LevelWarn, "webhook failed", slog.String("component", "webhooks"),
		slog.String("subscription", sub.ID), slog.String("caller", sub.Caller),
		slog.Int("failures", sub.Failures+1), slog.Int("status", call.Status), slog.String("error", call.Error))
}
