package firstparty

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// visibleStates are those of items that the app still shows.
var visibleStates = []touch.ItemState{touch.ItemUnread, touch.ItemRead}

// Inbox lists a customer's live messages, newest first, from the cursor on.
func (s *Service) Inbox(ctx context.Context, customer, cursor string, limit int) (messages []touch.Item, next string, err error) {
	return s.items.List(ctx, ledger.ItemFilter{
		Channel: touch.Inbox, Customer: customer, States: visibleStates,
		LiveAt: s.now(), Cursor: cursor, Limit: limit,
	})
}

// Unread counts a customer's live messages that are not read.
func (s *Service) Unread(ctx context.Context, customer string) (int64, error) {
	return s.items.Count(ctx, ledger.ItemFilter{
		Channel: touch.Inbox, Customer: customer, States: []touch.ItemState{touch.ItemUnread}, LiveAt: s.now(),
	})
}

// ReadMessage marks a message as read; to read it twice changes nothing.
func (s *Service) ReadMessage(ctx context.Context, customer, id string) error {
	return s.updateOwn(ctx, touch.Inbox, customer, id, func(item *touch.Item) bool {
		if item.State != touch.ItemUnread {
			return false
		}
		item.State = touch.ItemRead
		return true
	})
}

// Dismiss hides a message or a pop-up: it is not listed again.
func (s *Service) Dismiss(ctx context.Context, ch touch.Channel, customer, id string) error {
	return s.updateOwn(ctx, ch, customer, id, func(item *touch.Item) bool {
		changed := item.State != touch.ItemDismissed
		item.State = touch.ItemDismissed
		return changed
	})
}
