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

// idleTimeout is how long a run may stand still before it is given up.
const idleTimeout = 30 * time.Second

// waitFinished waits until every touch of a campaign has reached the state in
// which it stays, and returns when that was seen.
func (e *env) waitFinished(ctx context.Context, w *workload) (time.Time, error) {
	moved := time.Now()
	for last := -1; ; {
		// The target is asked only when the vendor seems to have all messages:
		// the request takes CPU time from what is measured.
		if n := e.sink.count(); n != last {
			last = n
			moved = time.Now()
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
		underWay := states[touch.StateDue] + states[touch.StateUnknown] + states[touch.StateSending]
		if total(states) >= w.n && underWay == 0 {
			return now, nil
		}
		if now.Sub(moved) > idleTimeout {
			return time.Time{}, touch.Errorf(touch.Unavailable, "", "nothing has moved for %s: %v of %d touches", idleTimeout, states, w.n)
		}
		if !loop.Sleep(ctx, 5*time.Millisecond) {
			return time.Time{}, ctx.Err()
		}
	}
}

// verify sets the three counts of a finished workload, by comparing the vendor's
// log with what the target says. If begun is not nil, it returns when each touch
// began, and verify also sets how long touches took.
//
// The target lists the touches that it has not sent. It claims to have sent all
// others, and its own count of sent touches must agree with that.
func (e *env) verify(ctx context.Context, f *Figures, w *workload, received messageLog, begun func(i int) time.Time) error {
	states, err := e.states(ctx, w.name)
	if err != nil {
		return err
	}
	d := finishedWork{work: w, received: received, notSent: make(map[touch.ID]touch.State)}
	for state, n := range states {
		if state == touch.StateSent || n == 0 {
			continue
		}
		err := e.client.Touches(ctx, w.name, state, func(page []apiclient.Touch) error {
			for i := range page {
				d.notSent[page[i].ID] = page[i].State
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	e.compare(f, &d, begun)
	f.Sent = states[touch.StateSent]
	f.Capped = states[touch.StateCapped]
	if off := w.n - len(d.notSent) - f.Sent; off != 0 {
		f.Lost += max(off, -off) // touches that the target does not know, or counts twice
	}
	return nil
}

// states returns the target's own count of a campaign's touches.
func (e *env) states(ctx context.Context, campaign string) (map[touch.State]int, error) {
	var view ledger.CampaignView
	err := e.client.Do(ctx, http.MethodGet, "/v1/campaigns/"+url.PathEscape(campaign), nil, &view)
	states := map[touch.State]int{}
	for _, c := range view.Counts {
		states[c.State] += int(c.Count)
	}
	return states, err
}

func total(states map[touch.State]int) (n int) {
	for _, k := range states {
		n += k
	}
	return n
}
