package nemesis

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/touch"
)

// patient is a client for the end of a run, when nothing is broken any more.
func (c *callers) patient() *apiclient.Client {
	client := *c.clients[0]
	client.HTTP = &http.Client{Transport: client.HTTP.Transport, Timeout: time.Minute}
	return &client
}

// drained waits until no touch is due, in a worker's hands or, unless the run
// is quick, of unknown outcome. It answers that instant: what was due by then
// and has not come to its end afterwards stands still. When it takes longer
// than a touch may, the instant is now, and the checker sees those that are left.
func (c *callers) drained(ctx context.Context, within time.Duration) (time.Time, error) {
	client := c.patient()
	for deadline := time.Now().Add(within); ; {
		now, waiting := c.h.now(), 0
		for _, state := range []touch.State{touch.StateDue, touch.StateUnknown, touch.StateSent} {
			err := c.list(ctx, client, state, func(t apiclient.Touch) {
				// A touch just sent may still wait for its receipt's time to run out.
				soon := !t.Due.IsZero() && t.Due.Before(now.Add(10*time.Second))
				if t.State == touch.StateSending || soon || (t.State == touch.StateUnknown && (!c.h.o.Quick || t.Due.IsZero())) {
					waiting++
				}
			})
			if err != nil {
				return now, err
			}
		}
		if waiting == 0 || time.Now().After(deadline) || !rest(ctx, 2*time.Second) {
			return now, ctx.Err()
		}
	}
}

// list visits all touches in a state, "" being all.
func (c *callers) list(ctx context.Context, client *apiclient.Client, state touch.State, visit func(apiclient.Touch)) error {
	q := url.Values{"limit": {"1000"}}
	if state != "" {
		q.Set("state", string(state))
	}
	for {
		var page struct {
			Items []apiclient.Touch `json:"items"`
			Next  string            `json:"next"`
		}
		if err := client.Do(ctx, http.MethodGet, "/v1/touches?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		for i := range page.Items {
			visit(page.Items[i])
		}
		if page.Next == "" {
			return nil
		}
		q.Set("after", page.Next)
	}
}

// ends reads what became of every touch: its state from the list, what was
// sent and what was unknown from the feed of events.
func (c *callers) ends(ctx context.Context) (map[touch.ID]*check.End, error) {
	client := c.patient()
	ends := map[touch.ID]*check.End{}
	err := c.list(ctx, client, "", func(t apiclient.Touch) { ends[t.ID] = &check.End{State: t.State, Due: t.Due} })
	if err != nil {
		return nil, err
	}
	for after := int64(0); ; {
		var page struct {
			Events []touch.Event `json:"events"`
			Next   int64         `json:"next"`
		}
		if err := client.Do(ctx, http.MethodGet, "/v1/events?limit=1000&after="+strconv.FormatInt(after, 10), nil, &page); err != nil {
			return nil, err
		}
		if len(page.Events) == 0 {
			return ends, nil
		}
		after = page.Next
		for _, e := range page.Events {
			end := ends[e.Touch]
			if end == nil {
				continue
			}
			switch e.Kind {
			case touch.EventSent:
				end.SentLegs = append(end.SentLegs, e.Leg)
			case touch.EventDelivered, touch.EventUndelivered:
				// A receipt may be the first word of a vendor having taken it.
				if e.Result != nil && e.Result.Class == touch.ResultAccepted {
					end.SentLegs = append(end.SentLegs, e.Leg)
				}
			case touch.EventUnknown:
				end.UnknownLegs = append(end.UnknownLegs, e.Leg)
			}
		}
	}
}
