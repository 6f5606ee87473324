package workers

import (
	"context"
	"log/slog"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
)

// webhookPage is how many subscriptions one read takes.
const webhookPage = 1000

// reset forgets what is scheduled: another process may have worked meanwhile.
func (w *Webhooks) reset() {
	w.schedule = newWebhookSchedule()
	w.version = 0
	w.seen = 0
}

// refresh looks for changed subscriptions and for callers with new events. When
// nothing has happened it costs two short reads, however many there are.
func (w *Webhooks) refresh(ctx context.Context) error {
	version, err := w.subscriptions.Version(ctx)
	if err != nil {
		return err
	}
	if version != w.version {
		if err := w.reload(ctx); err != nil {
			return err
		}
		w.version = version
	}
	if names := w.schedule.names(); len(names) > 0 {
		active, through, err := w.index.Active(ctx, names, w.seen)
		if err != nil {
			return err
		}
		w.seen = through
		w.schedule.wake(active)
	}
	w.schedule.collect(w.now())
	return nil
}

// reload reads the subscriptions. Each new one is woken, so events from before
// need not be looked for: seen starts at the journal's end.
func (w *Webhooks) reload(ctx context.Context) error {
	if w.version == 0 {
		pos, _, err := w.journal.Head(ctx)
		if err != nil {
			return err
		}
		w.seen = pos
	}
	var all []ledger.Subscription
	for after := ""; ; after = all[len(all)-1].ID {
		page, err := w.subscriptions.List(ctx, "", after, webhookPage)
		if err != nil {
			return err
		}
		all = append(all, page...)
		if len(page) < webhookPage {
			break
		}
	}
	w.schedule.replace(all)
	return nil
}

// dispatch begins to serve as many as there are ready and room for.
func (w *Webhooks) dispatch(serving *loop.Group) {
	for {
		next := w.schedule.take()
		if next == nil {
			return
		}
		serving.Go(func(ctx context.Context) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			var result webhookResult
			if w.schedule.begun(next, cancel) {
				result = w.serveOrLater(ctx, next)
			}
			w.schedule.done(next, result, w.now())
			select {
			case w.finished <- struct{}{}:
			default: // it is known already that there is something to do
			}
		})
	}
}

// serveOrLater serves one subscription once. When the ledger does not answer it
// is served again after a moment.
func (w *Webhooks) serveOrLater(ctx context.Context, s *scheduledWebhook) webhookResult {
	result, err := w.serve(ctx, s.id)
	if err == nil || ctx.Err() != nil {
		return result
	}
	w.log.LogAttrs(ctx, slog.LevelWarn, "step failed", slog.String("component", "webhooks"),
		slog.String("subscription", s.id), slog.Any("error", err))
	return webhookResult{nextAt: w.now().Add(leaseTried)}
}
