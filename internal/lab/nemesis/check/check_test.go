package check

import (
	"testing"
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

var t0 = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func id(key string) touch.ID { return touch.NewID("bank", key) }

func at(seconds int) time.Time { return t0.Add(time.Duration(seconds) * time.Second) }

func msg(key string, seconds int) Message {
	return Message{Dispatch: touch.DispatchID(id(key), 0), Provider: "sms", At: at(seconds)}
}

// goodRun returns a run in which every promise was kept.
func goodRun() *Run {
	expect := func(category touch.Category) *Expected {
		return &Expected{
			Customer: "c1", Category: category, Campaign: "spring", Channels: []touch.Channel{touch.SMS},
			Urgent: category == touch.Transactional, Zone: time.UTC, Accepted: true, AcceptedAt: t0,
		}
	}
	isMarketing := func(c touch.Category, _ touch.Channel) bool { return c == touch.Marketing }
	return &Run{
		Expected: map[touch.ID]*Expected{id("a"): expect(touch.Marketing), id("b"): expect(touch.Transactional)},
		Final: map[touch.ID]*Final{
			id("a"): {State: touch.StateSent, SentLegs: []int{0}},
			id("b"): {State: touch.StateDelivered, SentLegs: []int{0}},
		},
		Messages: []Message{msg("a", 1), msg("b", 2)},
		Vendors:  map[string]Vendor{"sms": {Idempotent: true}, "push": {}},
		Caps:     []oracle.Cap{{Rule: "one", Limit: 1, Rolling: time.Hour, Match: isMarketing}},
		Quiet: QuietHours{
			Categories: []touch.Category{touch.Marketing},
			Open:       func(local time.Time) bool { return local.Hour() < 20 },
		},
		Delay: 10 * time.Second,
		Now:   at(3600),
	}
}

// resend adds a second message for a touch that its sender marked as such.
func (r *Run) resend(key, provider string) {
	m := msg(key, 9)
	m.Resend = true
	m.Provider = provider
	r.Messages = append(r.Messages, m)
}

func TestGoodRun(t *testing.T) {
	r := Check(goodRun())
	if !r.Good() || r.Accepted != 2 || r.Messages != 2 || r.CapsChecked != 2 {
		t.Errorf("a good run is reported as %+v", r)
	}
}

// TestViolationsAreSeen breaks a good run in one way at a time.
func TestViolationsAreSeen(t *testing.T) {
	lost := func(r Report) int { return r.Lost }
	forbidden := func(r Report) int { return r.Duplicated - r.Allowed }
	afterStop := func(r Report) int { return r.AfterStop }
	for name, c := range map[string]struct {
		spoil func(*Run)
		count func(Report) int
	}{
		"accepted and unknown to the API": {count: lost, spoil: func(r *Run) {
			delete(r.Final, id("a"))
			r.Messages = r.Messages[1:]
		}},
		"due and not sent": {count: lost, spoil: func(r *Run) {
			r.Final[id("a")] = &Final{State: touch.StateDue, Due: at(60)}
			r.Messages = r.Messages[1:]
		}},
		"said to be sent, and not": {count: lost, spoil: func(r *Run) {
			r.Messages = r.Messages[1:]
		}},
		"sent, and said to be capped": {count: lost, spoil: func(r *Run) {
			r.Final[id("a")] = &Final{State: touch.StateCapped}
		}},
		"submitted by nobody": {count: lost, spoil: func(r *Run) {
			r.Messages = append(r.Messages, msg("z", 3))
		}},
		"sent twice": {count: forbidden, spoil: func(r *Run) {
			r.Messages = append(r.Messages, msg("b", 9))
		}},
		"resent at an idempotent vendor": {count: func(r Report) int { return r.IdempotentDups }, spoil: func(r *Run) {
			r.Final[id("b")].UnknownLegs = []int{0}
			r.resend("b", "sms")
		}},
		"resent, outcome known": {count: forbidden, spoil: func(r *Run) {
			r.resend("b", "push")
		}},
		"marketing resent": {count: forbidden, spoil: func(r *Run) {
			r.Final[id("a")].UnknownLegs = []int{0}
			r.Caps = nil
			r.resend("a", "push")
		}},
		"over a cap": {count: func(r Report) int { return r.OverCap }, spoil: func(r *Run) {
			r.Expected[id("c")] = r.Expected[id("a")]
			r.Final[id("c")] = &Final{State: touch.StateSent, SentLegs: []int{0}}
			r.Messages = append(r.Messages, msg("c", 1800))
		}},
		"in quiet hours": {count: func(r Report) int { return r.Quiet }, spoil: func(r *Run) {
			r.Messages[0].At = t0.Add(8*time.Hour + 11*time.Second)
		}},
		"after a stop of both": {count: func(r Report) int { return r.AfterStop - 1 }, spoil: func(r *Run) {
			r.Stops = []StopWindow{{Kind: "stop", Channel: touch.SMS, From: at(-20)}}
		}},
		"after a pause": {count: afterStop, spoil: func(r *Run) {
			r.Stops = []StopWindow{{Kind: "pause", Category: touch.Marketing, Campaign: "spring", From: at(-20), Until: at(5)}}
		}},
		"after its cancellation": {count: afterStop, spoil: func(r *Run) {
			r.Expected[id("a")].CancelledAt = at(30)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			run := goodRun()
			c.spoil(run)
			r := Check(run)
			if got := c.count(r); got != 1 || r.Good() {
				t.Errorf("counted %d times, want once: %+v", got, r)
			}
		})
	}
}

// TestAllowed has what looks like a violation and is none.
func TestAllowed(t *testing.T) {
	for name, change := range map[string]func(*Run){
		"within the delay of a stop": func(r *Run) {
			r.Stops = []StopWindow{{Kind: "stop", From: at(-5)}}
		},
		"after the end of a stop": func(r *Run) {
			r.Stops = []StopWindow{{Kind: "stop", From: at(-60), Until: at(0)}}
		},
		"pause of another campaign": func(r *Run) {
			r.Stops = []StopWindow{{Kind: "pause", Campaign: "other", From: at(-60)}}
		},
		"judged before quiet hours": func(r *Run) {
			r.Messages[0].At = t0.Add(8*time.Hour + 5*time.Second)
		},
		"not yet due": func(r *Run) {
			r.Final[id("a")] = &Final{State: touch.StateDue, Due: at(7200)}
			r.Messages = r.Messages[1:]
		},
		"urgent, resent after an unknown outcome": func(r *Run) {
			r.Messages[1].Provider = "push" // not idempotent
			r.resend("b", "push")
			r.Final[id("b")].UnknownLegs = []int{0}
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := goodRun()
			change(run)
			if r := Check(run); !r.Good() {
				t.Errorf("reported as a violation: %+v", r)
			}
		})
	}
}

func TestResume(t *testing.T) {
	run := goodRun()
	run.Faults = []Fault{{Kind: "kill", From: at(-10), To: at(-2)}, {Kind: "kill", From: at(-30), To: at(-29)}}
	run.Expected[id("b")].AcceptedAt = at(-1) // the first one accepted after the first fault
	run.Expected[id("a")].AcceptedAt = at(-5) // accepted during the first fault
	r := Check(run)
	urgent, bulk := r.Resume[0], r.Resume[1]
	if urgent.Times != 2 || urgent.Worst != 31*time.Second || urgent.Median != 31*time.Second {
		t.Errorf("urgent touches resumed after %+v, want twice 31s", urgent)
	}
	if bulk.Times != 1 || bulk.Worst != 30*time.Second || bulk.Straggler != 3*time.Second {
		t.Errorf("bulk touches resumed after %+v, want once 30s and a straggler of 3s", bulk)
	}
}
