package feed_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/feed"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/touch"
)

func TestSubscriptions(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	for address, good := range map[string]bool{
		"https://engine.example/hook": true, "http://127.0.0.1:9/h": true, "http://localhost/h": true, "http://[::1]/h": true,
		"http://engine.example/h": false, "ftp://engine.example": false, "https://user:pw@engine.example": false,
		"https://": false, "": false, "http://127.0.0.1.evil.example/": false,
	} {
		s, err := f.Feed.Subscribe(ctx, gatewaytest.Engine(), feed.NewWebhook{URL: address})
		if (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
		if good && len(s.Secret) != len("whsec_")+44 {
			t.Errorf("%s: a secret of %d characters", address, len(s.Secret))
		}
	}
	if _, err := f.Feed.Subscribe(ctx, gatewaytest.Engine(), feed.NewWebhook{URL: "https://e.example", Kinds: []touch.EventKind{"touch.lost"}}); gatewaytest.FirstField(t, err) != "kinds" {
		t.Errorf("an unknown kind: %v", err)
	}
	all, _ := f.Feed.Webhooks(ctx, gatewaytest.Engine(), "engine", "", 10)
	if len(all) != 4 {
		t.Fatalf("%d webhooks", len(all))
	}
	if err := f.Feed.Unsubscribe(ctx, &access.Principal{Caller: "stranger"}, all[0].ID); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("a stranger ends it: %v", err)
	}
	if err := f.Feed.Unsubscribe(ctx, gatewaytest.Engine(), all[0].ID); err != nil {
		t.Error(err)
	}
}

// lateEvents has its first event from an instant on.
type lateEvents struct {
	from time.Time
}

func (l lateEvents) List(context.Context, string, int64, int) ([]touch.Event, error) {
	if time.Now().Before(l.from) {
		return nil, nil
	}
	return []touch.Event{{Seq: 1}}, nil
}

func TestEventsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := feed.New(feed.Options{Events: lateEvents{from: time.Now().Add(3 * time.Second)}})
		start := time.Now()
		if got, err := svc.Events(t.Context(), "engine", 0, 10, 2*time.Second); err != nil || len(got) != 0 || time.Since(start) != 2*time.Second {
			t.Errorf("too early: %v, %v after %s", got, err, time.Since(start))
		}
		if got, err := svc.Events(t.Context(), "engine", 0, 10, 30*time.Second); err != nil || len(got) != 1 || time.Since(start) > 3500*time.Millisecond {
			t.Errorf("in time: %v, %v after %s", got, err, time.Since(start))
		}
	})
}
