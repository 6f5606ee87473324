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

// good is a run in which every promise was kept.
func good() *Run {
	order := func(category touch.Category) *Order {
		return &Order{
			Customer: "c1", Category: category, Campaign: "spring", Channels: []touch.Channel{touch.SMS},
			Urgent: category == touch.Transactional, Zone: time.UTC, Taken: true, TakenAt: t0,
		}
	}
	return &Run{
		Orders: map[touch.ID]*Order{id("a"): order(touch.Marketing), id("b"): order(touch.Transactional)},
		Ends: map[touch.ID]*End{
			id("a"): {State: touch.StateSent, SentLegs: []int{0}},
			id("b"): {State: touch.StateDelivered, SentLegs: []int{0}},
		},
		Messages: []Message{msg("a", 1), msg("b", 2)},
		Vendors:  map[string]Vendor{"sms": {Idempotent: true}, "push": {}},
		Caps: []oracle.Cap{{Rule: "one", Limit: 1, Rolling: time.Hour, Match: func(c touch.Category, _ touch.Channel) bool {
			return c == touch.Marketing
		}}},
		Quiet: Quiet{Categories: []touch.Category{touch.Marketing}, Open: func(local time.Time) bool { return local.Hour() < 20 }},
		Delay: 10 * time.Second,
		Now:   at(3600),
	}
}

func TestGoodRun(t *testing.T) {
	r := Check(good())
	if !r.Good() || r.Accepted != 2 || r.Messages != 2 || r.CapsChecked != 2 {
		t.Errorf("%+v", r)
	}
}

// TestEachViolationIsSeen spoils a good run in one way at a time.
func TestEachViolationIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Run)
		want  func(Report) int
	}{
		"accepted and not known": {func(r *Run) { delete(r.Ends, id("a")); r.Messages = r.Messages[1:] }, func(r Report) int { return r.Lost }},
		"stands still": {func(r *Run) {
			r.Ends[id("a")] = &End{State: touch.StateDue, Due: at(60)}
			r.Messages = r.Messages[1:]
		}, func(r Report) int { return r.Lost }},
		"said to be sent":         {func(r *Run) { r.Messages = r.Messages[1:] }, func(r Report) int { return r.Lost }},
		"sent, said to be capped": {func(r *Run) { r.Ends[id("a")] = &End{State: touch.StateCapped} }, func(r Report) int { return r.Lost }},
		"nobody submitted it":     {func(r *Run) { r.Messages = append(r.Messages, msg("z", 3)) }, func(r Report) int { return r.Lost }},
		"twice":                   {func(r *Run) { r.Messages = append(r.Messages, msg("b", 9)) }, func(r Report) int { return r.Duplicated - r.Allowed }},
		"twice, meant, but the vendor is idempotent": {func(r *Run) {
			second := msg("b", 9)
			second.Resend = true
			r.Ends[id("b")].UnknownLegs = []int{0}
			r.Messages = append(r.Messages, second)
		}, func(r Report) int { return r.IdempotentDups }},
		"twice, meant, without an unknown outcome": {func(r *Run) {
			second := msg("b", 9)
			second.Resend, second.Provider = true, "push"
			r.Messages = append(r.Messages, second)
		}, func(r Report) int { return r.Duplicated - r.Allowed }},
		"marketing resent": {func(r *Run) {
			second := msg("a", 9)
			second.Resend, second.Provider = true, "push"
			r.Ends[id("a")].UnknownLegs = []int{0}
			r.Caps = nil
			r.Messages = append(r.Messages, second)
		}, func(r Report) int { return r.Duplicated - r.Allowed }},
		"over a cap": {func(r *Run) {
			r.Orders[id("c")] = r.Orders[id("a")]
			r.Ends[id("c")] = &End{State: touch.StateSent, SentLegs: []int{0}}
			r.Messages = append(r.Messages, msg("c", 1800))
		}, func(r Report) int { return r.OverCap }},
		"quiet hours": {func(r *Run) { r.Messages[0].At = t0.Add(8*time.Hour + 11*time.Second) }, func(r Report) int { return r.Quiet }},
		"after a stop": {func(r *Run) {
			r.Halts = []Halt{{Kind: "stop", Channel: touch.SMS, From: at(-20)}}
		}, func(r Report) int { return r.AfterStop - 1 }},
		"after a pause": {func(r *Run) {
			r.Halts = []Halt{{Kind: "pause", Category: touch.Marketing, Campaign: "spring", From: at(-20), Until: at(5)}}
		}, func(r Report) int { return r.AfterStop }},
		"after its cancellation": {func(r *Run) { r.Orders[id("a")].Cancelled = at(30) }, func(r Report) int { return r.AfterStop }},
	} {
		t.Run(name, func(t *testing.T) {
			run := good()
			c.spoil(run)
			r := Check(run)
			if c.want(r) != 1 || r.Good() {
				t.Errorf("not seen, or not once: %+v", r)
			}
		})
	}
}

// TestWhatIsAllowed: what looks like a violation and is none.
func TestWhatIsAllowed(t *testing.T) {
	for name, spoil := range map[string]func(*Run){
		"within the delay of a stop": func(r *Run) { r.Halts = []Halt{{Kind: "stop", From: at(-5)}} },
		"after a stop had ended":     func(r *Run) { r.Halts = []Halt{{Kind: "stop", From: at(-60), Until: at(0)}} },
		"of another campaign":        func(r *Run) { r.Halts = []Halt{{Kind: "pause", Campaign: "other", From: at(-60)}} },
		"judged before quiet hours":  func(r *Run) { r.Messages[0].At = t0.Add(8*time.Hour + 5*time.Second) },
		"waits for its time": func(r *Run) {
			r.Ends[id("a")] = &End{State: touch.StateDue, Due: at(7200)}
			r.Messages = r.Messages[1:]
		},
		"urgent, unknown, meant, no idempotency": func(r *Run) {
			for i := range 2 {
				m := msg("b", 9*i)
				m.Provider, m.Resend = "push", i > 0
				r.Messages = append(r.Messages[:1+i], m)
			}
			r.Ends[id("b")].UnknownLegs = []int{0}
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := good()
			spoil(run)
			if r := Check(run); !r.Good() {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestResume(t *testing.T) {
	run := good()
	run.Faults = []Fault{{Kind: "kill", From: at(-10), To: at(-2)}, {Kind: "kill", From: at(-30), To: at(-29)}}
	run.Orders[id("b")].TakenAt = at(-1) // the first one accepted after the fault
	run.Orders[id("a")].TakenAt = at(-5) // caught by the first fault
	r := Check(run)
	urgent, bulk := r.Resume[0], r.Resume[1]
	if urgent.Times != 2 || urgent.Worst != 31*time.Second || urgent.Median != 31*time.Second {
		t.Errorf("urgent: %+v", urgent)
	}
	if bulk.Times != 1 || bulk.Worst != 30*time.Second || bulk.Straggler != 3*time.Second {
		t.Errorf("bulk: %+v", bulk)
	}
}
