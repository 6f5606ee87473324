package firstparty

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

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
// rather than never: so the first look comes before the count.
//
// All watches of a customer on this node share one look. Class TooMany when the
// customer has as many watches as one may have; ErrNodeFull; Unavailable also
// when w is much slower than its messages come.
func (s *Service) WatchInbox(ctx context.Context, customer string, interval time.Duration, w InboxWatcher) error {
	watch, leave, err := s.inboxes.join(ctx, customer, func() *inboxPoller { return s.newInboxPoller(customer, interval) })
	if err != nil {
		return err
	}
	defer leave()
	unread, err := s.Unread(ctx, customer)
	if err != nil {
		return err
	}
	if err := w.OnStart(unread); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case fresh, ok := <-watch.looks:
			if !ok {
				return unlessEnded(ctx, watch.err)
			}
			if err := w.tell(fresh); err != nil {
				return err
			}
		}
	}
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
