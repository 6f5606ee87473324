package nemesis

import (
	"context"
	"net/http"
	"strconv"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/touch"
)

// finalStates reads from the API what became of every touch: its state from the
// list of touches, which legs were sent or unknown from the feed of events.
func (c *callers) finalStates(ctx context.Context) (map[touch.ID]*check.Final, error) {
	client := c.patientClient()
	all := map[touch.ID]*check.Final{}
	err := visitTouches(ctx, client, "", func(t apiclient.Touch) {
		all[t.ID] = &check.Final{State: t.State, Due: t.Due}
	})
	if err != nil {
		return nil, err
	}
	err = visitEvents(ctx, client, func(e *touch.Event) {
		if f := all[e.Touch]; f != nil {
			addEvent(f, e)
		}
	})
	return all, err
}

func addEvent(f *check.Final, e *touch.Event) {
	switch e.Kind {
	case touch.EventSent:
		f.SentLegs = append(f.SentLegs, e.Leg)
	case touch.EventDelivered, touch.EventUndelivered:
		// If the vendor's answer was lost, its receipt is the first to say that
		// the vendor took the message.
		if e.Result != nil && e.Result.Class == touch.ResultAccepted {
			f.SentLegs = append(f.SentLegs, e.Leg)
		}
	case touch.EventUnknown:
		f.UnknownLegs = append(f.UnknownLegs, e.Leg)
	}
}

func visitEvents(ctx context.Context, client *apiclient.Client, visit func(*touch.Event)) error {
	for after := int64(0); ; {
		var page struct {
			Events []touch.Event `json:"events"`
			Next   int64         `json:"next"`
		}
		path := "/v1/events?limit=1000&after=" + strconv.FormatInt(after, 10)
		if err := client.Do(ctx, http.MethodGet, path, nil, &page); err != nil {
			return err
		}
		if len(page.Events) == 0 {
			return nil
		}
		after = page.Next
		for i := range page.Events {
			visit(&page.Events[i])
		}
	}
}
