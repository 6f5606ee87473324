package bench

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// judge fills in the three counts of a work that is done, by the vendor's log
// against what the house says, and, where begun tells when each touch was, how
// long they took. The touches that the house lists as anything else than sent
// are claimed to be just that; all others are claimed to be sent, and the
// house's own count must agree with how many that are.
func (e *env) judge(ctx context.Context, f *Figures, w *work, truth tape, begun func(i int) time.Time) error {
	states, err := e.states(ctx, w.name)
	if err != nil {
		return err
	}
	d := done{w: w, truth: truth, other: make(map[touch.ID]touch.State)}
	for state, n := range states {
		if state == touch.StateSent || n == 0 {
			continue
		}
		err := e.client.Touches(ctx, w.name, state, func(page []apiclient.Touch) error {
			for i := range page {
				d.other[page[i].ID] = page[i].State
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	e.compare(f, &d, begun)
	f.Sent, f.Capped = states[touch.StateSent], states[touch.StateCapped]
	if off := w.n - len(d.other) - f.Sent; off != 0 {
		f.Lost += max(off, -off) // not known to the house, or known too often
	}
	return nil
}

// states counts a campaign's touches, as the house does.
func (e *env) states(ctx context.Context, campaign string) (map[touch.State]int, error) {
	var view ledger.CampaignView
	err := e.client.Do(ctx, http.MethodGet, "/v1/campaigns/"+url.PathEscape(campaign), nil, &view)
	states := map[touch.State]int{}
	for _, c := range view.Counts {
		states[c.State] += int(c.Count)
	}
	return states, err
}

// patience is how long nothing may happen before a run is given up.
const patience = 30 * time.Second

// settled waits until the house has brought every touch of a campaign to where
// it stays, and gives the instant at which that was seen.
func (e *env) settled(ctx context.Context, w *work) (time.Time, error) {
	idle := time.Now()
	for last := -1; ; {
		// The house is asked only when the vendor seems to have all, since
		// the question takes time from what is measured.
		if n := e.sink.count(); n != last {
			last, idle = n, time.Now()
			if !loop.Sleep(ctx, 10*time.Millisecond) {
				return time.Time{}, ctx.Err()
			}
			continue
		}
		states, err := e.states(ctx, w.name)
		if err != nil {
			return time.Time{}, err
		}
		now := time.Now()
		if all := total(states); all >= w.n && states[touch.StateDue]+states[touch.StateUnknown]+states[touch.StateSending] == 0 {
			return now, nil
		}
		if now.Sub(idle) > patience {
			return time.Time{}, touch.Errorf(touch.Unavailable, "", "nothing has moved for %s: %v of %d touches", patience, states, w.n)
		}
		if !loop.Sleep(ctx, 5*time.Millisecond) {
			return time.Time{}, ctx.Err()
		}
	}
}

func total(states map[touch.State]int) (n int) {
	for _, k := range states {
		n += k
	}
	return n
}
