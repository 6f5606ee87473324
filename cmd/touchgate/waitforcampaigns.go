package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

const (
	waitEvery = 300 * time.Millisecond // between two looks at the counts
	// quietAfter is how long the counts must stay the same before single touches
	// are looked at. Late receipts come within this time.
	quietAfter = 3 * time.Second
	// A touch that is due within soon is about to go on. One that is due later waits
	// for another time of day, and the demo does not wait with it.
	soon = 2 * time.Minute
	// stuckAfter is how long to wait for a touch that should move and does not.
	stuckAfter = 90 * time.Second
)

// waitForCampaigns shows the progress of campaigns until nothing moves any more:
// each touch is final, is sent and waits for a receipt, or waits for a time that
// is not soon. It returns nil also if a touch that should move does not for
// stuckAfter.
func waitForCampaigns(
	ctx context.Context,
	client *apiclient.Client,
	campaigns []string,
	now func() time.Time,
	out io.Writer,
) error {
	b := newProgress(out, "delivering", 0)
	defer b.stop()
	var last map[touch.State]int
	changed := time.Now()
	for {
		counts, err := countStates(ctx, client, campaigns)
		if err != nil {
			return err
		}
		if !maps.Equal(counts, last) {
			last, changed = counts, time.Now()
		}
		showCounts(b, counts)
		if still := time.Since(changed); still > quietAfter {
			moving, err := stillMoving(ctx, client, campaigns, counts, now())
			if err != nil || !moving || still > stuckAfter {
				return err
			}
		}
		if !loop.Sleep(ctx, waitEvery) {
			return ctx.Err()
		}
	}
}

// countStates returns how many touches of the campaigns are in each state.
func countStates(ctx context.Context, client *apiclient.Client, campaigns []string) (map[touch.State]int, error) {
	counts := map[touch.State]int{}
	for _, campaign := range campaigns {
		list, err := client.Campaign(ctx, campaign)
		if touch.ClassOf(err) == touch.NotFound {
			continue // every line of it was faulty
		}
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			counts[c.State] += c.Count
		}
	}
	return counts, nil
}

// showCounts shows the counts beside the bar. A touch counts as done unless it is
// due or its outcome is unknown.
func showCounts(b *progressBar, counts map[touch.State]int) {
	total, open := 0, 0
	for state, n := range counts {
		total += n
		if state == touch.StateDue || state == touch.StateUnknown {
			open += n
		}
	}
	b.set(int64(total-open), int64(total))
	b.setText("sent %d, delivered %d, capped %d, refused %d, failed %d, waiting %d",
		counts[touch.StateSent], counts[touch.StateDelivered], counts[touch.StateCapped],
		counts[touch.StateRefused], counts[touch.StateFailed], open)
}

// stillMoving reports whether a touch of the campaigns should change soon.
func stillMoving(
	ctx context.Context,
	client *apiclient.Client,
	campaigns []string,
	counts map[touch.State]int,
	now time.Time,
) (bool, error) {
	found := errors.New("found") // ends a listing
	for _, campaign := range campaigns {
		for _, state := range []touch.State{touch.StateDue, touch.StateUnknown, touch.StateSent} {
			if counts[state] == 0 {
				continue
			}
			err := client.Touches(ctx, campaign, state, func(page []apiclient.Touch) error {
				for i := range page {
					if isMoving(&page[i], now) {
						return found
					}
				}
				return nil
			})
			if errors.Is(err, found) {
				return true, nil
			}
			if err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// isMoving reports whether a touch should change soon without a receipt.
func isMoving(t *apiclient.Touch, now time.Time) bool {
	switch {
	case t.State == touch.StateSent && t.Due.IsZero():
		return false // only a receipt can change it
	case t.State == touch.StateSending:
		return true
	}
	return t.Due.Before(now.Add(soon))
}

// printCampaign prints a campaign's counts by state and reason.
func printCampaign(ctx context.Context, client *apiclient.Client, campaign string, out io.Writer) error {
	counts, err := client.Campaign(ctx, campaign)
	if err != nil {
		return err
	}
	t := commandline.NewTable(out)
	t.AppendHeader(table.Row{"state", "reason", "touches"})
	for _, c := range counts {
		t.AppendRow(table.Row{c.State, c.Reason, c.Count})
	}
	t.SortBy([]table.SortBy{{Name: "state"}, {Name: "reason"}})
	t.Render()
	return nil
}
