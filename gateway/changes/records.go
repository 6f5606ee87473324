package changes

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/touch"
)

// records reads recorded touches with the facts that they are judged by.
type records struct {
	touches   ledger.Touches
	contacts  ledger.Contacts
	customers ledger.Customers
	listings  ledger.Listings
	templates *lookup.Templates
}

// recipients reads the recipients of every leg of each touch. Profiles are
// those of today, lists those live at the instant.
func (r *records) recipients(ctx context.Context, touches []*touch.Touch, at time.Time) ([][]lookup.Recipient, error) {
	var targets []lookup.Target
	for _, t := range touches {
		for leg := range t.Plan {
			targets = append(targets, lookup.Target{Touch: t, Leg: leg})
		}
	}
	found, err := lookup.Recipients(ctx, r.customers, r.listings, targets, at)
	if err != nil {
		return nil, err
	}
	byTouch := make([][]lookup.Recipient, len(touches))
	for i, t := range touches {
		legs := len(t.Plan)
		byTouch[i] = found[:legs]
		found = found[legs:]
	}
	return byTouch, nil
}

// obligations returns the names of what the template of a leg fulfils, in the
// version that intake pinned. A template that is gone fulfils none.
func (r *records) obligations(ctx context.Context, t *touch.Touch, leg int) ([]string, error) {
	if t.Plan[leg].Template == "" {
		return nil, nil
	}
	version := 0
	if leg < len(t.Pins) {
		version = t.Pins[leg]
	}
	template, err := r.templates.Version(ctx, t.Plan[leg].Template, version)
	if touch.ClassOf(err) == touch.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return template.Obligations, nil
}

// cursorBefore returns a cursor after which all touches accepted since the
// instant come. It halves its way there in some 2·log2(n) reads, because
// numbers rise with time. They do so but for the moment in which concurrent
// callers get theirs: hence the minute that is subtracted.
func (r *records) cursorBefore(ctx context.Context, since time.Time) (int64, error) {
	since = since.Add(-time.Minute)
	isLate := func(after int64) (bool, error) {
		views, _, err := r.touches.List(ctx, ledger.TouchFilter{After: after, Limit: 1})
		return err == nil && (len(views) == 0 || !views[0].Touch.AcceptedAt.Before(since)), err
	}

	// Double until the first touch after high is late enough ...
	low := int64(0)
	high := int64(1)
	for {
		late, err := isLate(high)
		if err != nil {
			return 0, err
		}
		if late {
			break
		}
		low = high
		high *= 2
	}

	// ... and then search between the last two.
	for low < high {
		middle := low + (high-low)/2
		late, err := isLate(middle)
		if err != nil {
			return 0, err
		}
		if late {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}
