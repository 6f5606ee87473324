package firstparty

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Popups lists a customer's live pop-ups at a placement ("": at all) that may
// still be shown.
func (s *Service) Popups(ctx context.Context, customer, placement string) ([]touch.Item, error) {
	items, _, err := s.items.List(ctx, ledger.ItemFilter{
		Channel: touch.Popup, Customer: customer, States: visibleStates,
		Placement: placement, LiveAt: s.now(), Limit: 200,
	})
	var showable []touch.Item
	for _, item := range items {
		if !shownOften(&item) {
			showable = append(showable, item)
		}
	}
	return showable, err
}

// ShowPopup counts one show of a pop-up; class Conflict when it was shown as
// often as it may be.
func (s *Service) ShowPopup(ctx context.Context, customer, id string) error {
	refused := false
	err := s.updateOwn(ctx, touch.Popup, customer, id, func(item *touch.Item) bool {
		refused = shownOften(item)
		if refused {
			return false
		}
		item.State = touch.ItemRead
		item.Shown++
		return true
	})
	if err == nil && refused {
		return touch.Errorf(touch.Conflict, "id", "the pop-up was shown as often as it may be")
	}
	return err
}

// shownOften reports whether a pop-up was shown as often as it may be.
func shownOften(item *touch.Item) bool { return item.MaxShows > 0 && item.Shown >= item.MaxShows }
