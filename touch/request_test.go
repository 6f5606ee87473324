package touch_test

import (
	"testing"
	"time"

	"touchgate.dev/touch"
)

func TestUrgent(t *testing.T) {
	for _, c := range []struct {
		category touch.Category
		priority int
		want     bool
	}{
		{touch.Service, 0, false},
		{touch.Service, 8, false},
		{touch.Service, 9, true},
		{touch.Marketing, 9, true},
		{touch.Transactional, 0, true},
	} {
		r := touch.Request{Category: c.category, Priority: c.priority}
		if got := r.Urgent(); got != c.want {
			t.Errorf("%s with priority %d: urgent is %v, want %v", c.category, c.priority, got, c.want)
		}
	}
}

func TestExpired(t *testing.T) {
	expires := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	r := touch.Request{}
	if r.Expired(expires) {
		t.Error("a request without ExpiresAt has expired")
	}

	r.ExpiresAt = &expires
	if r.Expired(expires.Add(-time.Nanosecond)) {
		t.Error("the request has expired before ExpiresAt")
	}
	if !r.Expired(expires) {
		t.Error("the request has not expired at ExpiresAt")
	}
}

func TestLegSucceeds(t *testing.T) {
	minute := touch.Duration(time.Minute)
	for _, c := range []struct {
		leg       touch.Leg
		afterSent bool
	}{
		{touch.Leg{}, true},
		{touch.Leg{Wait: minute}, false},
		{touch.Leg{Wait: minute, Until: "sent"}, true},
		{touch.Leg{Until: "sent"}, true},
		{touch.Leg{Until: "delivered"}, false},
	} {
		for state, want := range map[touch.State]bool{
			touch.StateSent:      c.afterSent,
			touch.StateDelivered: true,
			touch.StateUnknown:   false,
			touch.StateFailed:    false,
		} {
			if got := c.leg.Succeeds(state); got != want {
				t.Errorf("wait %s, until %q: %s ends the plan is %v, want %v", c.leg.Wait, c.leg.Until, state, got, want)
			}
		}
	}
}

func TestSaysNothing(t *testing.T) {
	for _, c := range []struct {
		title, body string
		want        bool
	}{
		{"", "", true},
		{" ", "\n\t", true},
		{"", "hello", false},
		{"hello", "", false},
	} {
		content := touch.Content{Title: c.title, Body: c.body, Link: "https://bank.example"}
		if got := content.SaysNothing(); got != c.want {
			t.Errorf("title %q, body %q: got %v, want %v", c.title, c.body, got, c.want)
		}
	}
}
