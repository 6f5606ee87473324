package gateway

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

var (
	shownStates = []touch.ItemState{touch.ItemUnread, touch.ItemRead}
	noItem      = touch.Errorf(touch.NotFound, "id", "there is no such item")
)

// Inbox lists a customer's live messages, newest first.
func (s *Service) Inbox(ctx context.Context, customer, cursor string, limit int) ([]touch.Item, string, error) {
	return s.ledger.Items.List(ctx, ledger.ItemFilter{
		Channel: touch.Inbox, Customer: customer, States: shownStates, LiveAt: s.now(), Cursor: cursor, Limit: limit,
	})
}

// Unread counts a customer's live messages that are not read.
func (s *Service) Unread(ctx context.Context, customer string) (int64, error) {
	return s.ledger.Items.Count(ctx, ledger.ItemFilter{
		Channel: touch.Inbox, Customer: customer, States: []touch.ItemState{touch.ItemUnread}, LiveAt: s.now(),
	})
}

// Popups lists a customer's live pop-ups at a placement ("": at all) that may
// still be shown.
func (s *Service) Popups(ctx context.Context, customer, placement string) ([]touch.Item, error) {
	items, _, err := s.ledger.Items.List(ctx, ledger.ItemFilter{
		Channel: touch.Popup, Customer: customer, States: shownStates, Placement: placement, LiveAt: s.now(), Limit: 200,
	})
	var open []touch.Item
	for _, item := range items {
		if item.MaxShows == 0 || item.Shown < item.MaxShows {
			open = append(open, item)
		}
	}
	return open, err
}

// ReadMessage marks a message as read; reading twice is reading once.
func (s *Service) ReadMessage(ctx context.Context, customer, id string) error {
	return s.changeOwn(ctx, touch.Inbox, customer, id, func(item *touch.Item) bool {
		if item.State != touch.ItemUnread {
			return false
		}
		item.State = touch.ItemRead
		return true
	})
}

// ShowPopup counts one show of a pop-up; class Conflict when it was shown as
// often as it may be.
func (s *Service) ShowPopup(ctx context.Context, customer, id string) error {
	over := false
	err := s.changeOwn(ctx, touch.Popup, customer, id, func(item *touch.Item) bool {
		over = item.MaxShows > 0 && item.Shown >= item.MaxShows
		if over {
			return false
		}
		item.State = touch.ItemRead
		item.Shown++
		return true
	})
	if err == nil && over {
		return touch.Errorf(touch.Conflict, "id", "the pop-up was shown as often as it may be")
	}
	return err
}

// Dismiss puts a message or a pop-up away; it is not listed again.
func (s *Service) Dismiss(ctx context.Context, ch touch.Channel, customer, id string) error {
	return s.changeOwn(ctx, ch, customer, id, func(item *touch.Item) bool {
		changed := item.State != touch.ItemDismissed
		item.State = touch.ItemDismissed
		return changed
	})
}

// changeOwn changes a live item of the customer's own, and reports the first
// reading of it as a receipt. Another customer's item does not exist.
func (s *Service) changeOwn(ctx context.Context, ch touch.Channel, customer, id string, change func(*touch.Item) bool) error {
	return s.changeItem(ctx, id, func(item *touch.Item) (bool, error) {
		gone := item.State == touch.ItemRecalled || (item.ExpiresAt != nil && !item.ExpiresAt.After(s.now()))
		if item.Channel != ch || item.Customer != customer || gone {
			return false, noItem
		}
		before := item.State
		if !change(item) {
			return false, nil
		}
		if before == touch.ItemUnread && item.State == touch.ItemRead {
			return true, s.Record(ctx, []touch.Receipt{{Provider: string(ch), Dispatch: id, Kind: touch.ReceiptRead, At: s.now()}})
		}
		return true, nil
	})
}

// changeItem reads, changes and writes an item, and begins again when another
// writer was faster. What change records comes before the write: done again
// after a crash it is a repetition, which receipts bear.
func (s *Service) changeItem(ctx context.Context, id string, change func(*touch.Item) (bool, error)) error {
	for try := 0; ; try++ {
		item, err := s.ledger.Items.Get(ctx, id)
		if err != nil {
			if touch.ClassOf(err) == touch.NotFound {
				return noItem
			}
			return err
		}
		changed, err := change(item)
		if err != nil || !changed {
			return err
		}
		item.UpdatedAt = s.now()
		err = s.ledger.Items.Update(ctx, *item)
		if touch.ClassOf(err) != touch.Conflict || try == 5 {
			return err
		}
	}
}

// InboxWatcher hears what WatchInbox sees. An error of any of the three ends
// the watch with it.
type InboxWatcher struct {
	Begin func(unread int64) error    // once, before anything else
	Each  func(item touch.Item) error // a new message, oldest first
	Idle  func() error                // after a look that found nothing new
}

// WatchInbox tells w how many messages of a customer are unread and then of
// each new one, by looking every so often, until ctx ends. A message that
// comes while it begins is told of twice, in the count and by itself, rather
// than never.
func (s *Service) WatchInbox(ctx context.Context, customer string, every time.Duration, w InboxWatcher) error {
	known, _, err := s.newMessages(ctx, customer, nil)
	if err != nil {
		return err
	}
	unread, err := s.Unread(ctx, customer)
	if err != nil {
		return err
	}
	if err := w.Begin(unread); err != nil {
		return err
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now, fresh, err := s.newMessages(ctx, customer, known)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		known = now
		for i := len(fresh) - 1; i >= 0; i-- {
			if err := w.Each(fresh[i]); err != nil {
				return err
			}
		}
		if len(fresh) == 0 {
			if err := w.Idle(); err != nil {
				return err
			}
		}
	}
}

// newMessages gives the newest page of messages, and those of it not known. A
// page bounds what one look costs; more than that within one look is told by
// the unread count.
func (s *Service) newMessages(ctx context.Context, customer string, known map[string]bool) (all map[string]bool, fresh []touch.Item, err error) {
	items, _, err := s.ledger.Items.List(ctx, ledger.ItemFilter{Channel: touch.Inbox, Customer: customer, LiveAt: s.now(), Limit: 200})
	if err != nil {
		return nil, nil, err
	}
	all = make(map[string]bool, len(items))
	for _, item := range items {
		all[item.ID] = true
		if !known[item.ID] && item.State == touch.ItemUnread {
			fresh = append(fresh, item)
		}
	}
	return all, fresh, nil
}
