package firstparty

import (
	"context"

	"touchgate.dev/touch"
)

// maxUpdateRetries is how often an update begins again after another writer
// was faster, before its conflict is the caller's.
const maxUpdateRetries = 5

var errNoItem = touch.Errorf(touch.NotFound, "id", "there is no such item")

// updateItem reads an item, has change edit it, and writes it when change
// returns true. When another writer was faster it begins again.
//
// A receipt that change stores comes before the write. After a crash between
// the two, the caller repeats the request and the receipt is stored twice,
// which does no harm; the other way round it could be lost.
func (s *Service) updateItem(ctx context.Context, id string, change func(*touch.Item) (changed bool, err error)) error {
	for retry := 0; ; retry++ {
		item, err := s.items.Get(ctx, id)
		if touch.ClassOf(err) == touch.NotFound {
			return errNoItem
		}
		if err != nil {
			return err
		}
		changed, err := change(item)
		if err != nil || !changed {
			return err
		}
		item.UpdatedAt = s.now()
		err = s.items.Update(ctx, *item)
		if touch.ClassOf(err) != touch.Conflict || retry == maxUpdateRetries {
			return err
		}
	}
}

// updateOwn is updateItem for an item that the app of its customer may change:
// live, on the channel, the customer's own. Any other does not exist. The
// first time that an item is read is stored as a receipt.
func (s *Service) updateOwn(ctx context.Context, ch touch.Channel, customer, id string, change func(*touch.Item) (changed bool)) error {
	return s.updateItem(ctx, id, func(item *touch.Item) (bool, error) {
		expired := item.ExpiresAt != nil && !item.ExpiresAt.After(s.now())
		gone := expired || item.State == touch.ItemRecalled
		if item.Channel != ch || item.Customer != customer || gone {
			return false, errNoItem
		}

		before := item.State
		if !change(item) {
			return false, nil
		}
		if before == touch.ItemUnread && item.State == touch.ItemRead {
			return true, s.receipts.Receive(ctx, []touch.Receipt{{
				Provider: string(ch), Dispatch: id, Kind: touch.ReceiptRead, At: s.now(),
			}})
		}
		return true, nil
	})
}
