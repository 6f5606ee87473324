package touch_test

import (
	"slices"
	"testing"
	"time"

	"touchgate.dev/touch"
)

func TestTouchEvent(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	tc := &touch.Touch{ID: touch.NewID("engine", "spring-1"), Caller: "engine", Request: *fullRequest()}
	want := touch.Event{
		Kind:     touch.EventSent,
		At:       now,
		Touch:    tc.ID,
		Key:      "spring-1",
		Caller:   "engine",
		Customer: "c1",
		Campaign: "spring",
		State:    touch.StateSent,
		Leg:      1,
		Channel:  touch.SMS,
	}
	if got := tc.Event(touch.EventSent, now, touch.StateSent, 1); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}

	for _, leg := range []int{-1, len(tc.Plan)} {
		if e := tc.Event(touch.EventSent, now, touch.StateSent, leg); e.Channel != "" || e.Leg != leg {
			t.Errorf("leg %d does not exist: got leg %d on channel %q", leg, e.Leg, e.Channel)
		}
	}
}

func TestEventKindsDiffer(t *testing.T) {
	kinds := touch.EventKinds()
	slices.Sort(kinds)
	if n := len(slices.Compact(kinds)); n != len(touch.EventKinds()) {
		t.Errorf("%d of %d kinds are different", n, len(touch.EventKinds()))
	}
}
