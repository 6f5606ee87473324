package nemesis

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// waitDrained waits until no touch is due soon, in delivery or, unless the run
// is quick, of unknown outcome. It returns that instant: a touch that was due
// by then and has not ended afterwards is stuck. After timeout it returns now,
// and the checker sees the touches that are left.
func (c *callers) waitDrained(ctx context.Context, timeout time.Duration) (time.Time, error) {
	client := c.patientClient()
	for deadline := time.Now().Add(timeout); ; {
		now := c.system.now()
		waiting := 0
		for _, state := range []touch.State{touch.StateDue, touch.StateUnknown, touch.StateSent} {
			err := visitTouches(ctx, client, state, func(t apiclient.Touch) {
				if !c.drained(&t, now) {
					waiting++
				}
			})
			if err != nil {
				return now, err
			}
		}
		if waiting == 0 || time.Now().After(deadline) || !loop.Sleep(ctx, 2*time.Second) {
			return now, ctx.Err()
		}
	}
}

// drained reports whether nothing more is going to happen to a touch soon.
func (c *callers) drained(t *apiclient.Touch, now time.Time) bool {
	// Also a touch that was sent has a due time: until then its receipt may come.
	if !t.Due.IsZero() && t.Due.Before(now.Add(10*time.Second)) {
		return false
	}
	switch t.State {
	case touch.StateSending:
		return false
	case touch.StateUnknown:
		return c.system.o.Quick && !t.Due.IsZero()
	default:
		return true
	}
}

// visitTouches visits all touches in a state; "" is all states.
func visitTouches(ctx context.Context, client *apiclient.Client, state touch.State, visit func(apiclient.Touch)) error {
	query := url.Values{"limit": {"1000"}}
	if state != "" {
		query.Set("state", string(state))
	}
	for {
		var page struct {
			Items []apiclient.Touch `json:"items"`
			Next  string            `json:"next"`
		}
		if err := client.Do(ctx, http.MethodGet, "/v1/touches?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		for i := range page.Items {
			visit(page.Items[i])
		}
		if page.Next == "" {
			return nil
		}
		query.Set("after", page.Next)
	}
}
