package firstparty

import (
	"context"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// watchPage is how many of the newest messages one look reads. It bounds the
// cost of a look; when more messages than that come between two looks, the app
// learns of the rest by its unread count.
const watchPage = 200

// InboxWatcher is told what WatchInbox sees. An error of any of the three ends
// the watch with that error.
type InboxWatcher struct {
	OnStart   func(unread int64) error    // once, before anything else
	OnMessage func(item touch.Item) error // for each new message, oldest first
	OnIdle    func() error                // after a look that found nothing new
}

// WatchInbox tells w how many messages of a customer are unread, and then of
// each new message, until ctx ends. It looks once per interval. A message that
// comes while the watch starts is told twice, in the count and by itself,
// rather than never: so the list is read before the count.
func (s *Service) WatchInbox(ctx context.Context, customer string, interval time.Duration, w InboxWatcher) error {
	known, _, err := s.newMessages(ctx, customer, nil)
	if err != nil {
		return err
	}
	unread, err := s.Unread(ctx, customer)
	if err != nil {
		return err
	}
	if err := w.OnStart(unread); err != nil {
		return err
	}

	for loop.Sleep(ctx, interval) {
		current, fresh, err := s.newMessages(ctx, customer, known)
		if err != nil {
			return unlessEnded(ctx, err)
		}
		known = current
		if err := w.tell(fresh); err != nil {
			return err
		}
	}
	return nil
}

// unlessEnded returns err, or nil if ctx has ended: then the app has gone, and
// a read that was broken off is no error of ours.
func unlessEnded(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// tell reports the messages that one look found, given newest first.
func (w *InboxWatcher) tell(fresh []touch.Item) error {
	if len(fresh) == 0 {
		return w.OnIdle()
	}
	for i := len(fresh) - 1; i >= 0; i-- {
		if err := w.OnMessage(fresh[i]); err != nil {
			return err
		}
	}
	return nil
}

// newMessages reads the newest page of messages. It returns the ids of all of
// them, and the unread ones that are not known, newest first.
func (s *Service) newMessages(ctx context.Context, customer string, known map[string]bool) (ids map[string]bool, fresh []touch.Item, err error) {
	items, _, err := s.items.List(ctx, ledger.ItemFilter{
		Channel: touch.Inbox, Customer: customer, LiveAt: s.now(), Limit: watchPage,
	})
	if err != nil {
		return nil, nil, err
	}
	ids = make(map[string]bool, len(items))
	for _, item := range items {
		ids[item.ID] = true
		if !known[item.ID] && item.State == touch.ItemUnread {
			fresh = append(fresh, item)
		}
	}
	return ids, fresh, nil
}
