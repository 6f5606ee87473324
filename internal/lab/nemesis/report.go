package nemesis

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/lab/nemesis/world"
	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// Report is the result of a run. The JSON names are what `nemesis --json`
// prints.
type Report struct {
	check.Report
	Seed     uint64         `json:"seed"`
	Seconds  float64        `json:"seconds"`
	Requests int            `json:"requests"`
	Repeated int            `json:"requests_repeated"`
	Faults   map[string]int `json:"faults"`
	// Kills counts SIGKILLs of Touchgate's processes; Redis counts restarts,
	// deaths and promotions of Redis; Flushes its FLUSHALLs.
	Kills   int    `json:"kills"`
	Redis   int    `json:"redis_restarts_and_promotions"`
	Flushes int    `json:"redis_flushalls"`
	Goals   []Goal `json:"done_when"`
}

// checkRun collects what callers, vendors and the API say about the run, and
// checks it. The run ended at the instant ended.
func checkRun(ctx context.Context, c *callers, in *injector, ended time.Time) (*Report, error) {
	final, err := c.finalStates(ctx)
	if err != nil {
		return nil, err
	}
	caps, unchecked, err := oracle.ReadCaps(map[string][]byte{"nemesis.yaml": []byte(world.Policy)}, c.world.Zone)
	if err != nil {
		return nil, err
	}
	if len(unchecked) > 0 {
		return nil, touch.Errorf(touch.Internal, "", "the checker cannot read the caps %v", unchecked)
	}
	messages, err := c.system.messages(ctx, c.log)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Report: check.Check(&check.Run{
			Expected: c.expected,
			Final:    final,
			Messages: messages,
			Vendors:  vendorPromises(),
			Caps:     caps,
			Quiet:    check.QuietHours{Categories: world.QuietCategories(), Open: world.Open},
			Stops:    c.stops,
			Delay:    c.system.o.Delay(),
			Now:      ended,
			Faults:   in.injected,
		}),
		Requests: c.requests,
		Repeated: c.repeats,
		Faults:   map[string]int{},
		Redis:    in.redisFailures,
		Flushes:  in.redisFlushes,
	}
	for _, p := range c.system.processes {
		r.Kills += p.Kills()
	}
	for _, f := range in.injected {
		r.Faults[f.Kind]++
	}
	return r, nil
}

// messages lists what vendors and our own channels took, in order, and adds it
// to the history.
func (s *system) messages(ctx context.Context, log *history) ([]check.Message, error) {
	var all []check.Message
	for _, t := range s.vendors.Received().All() {
		log.add(Line{At: t.At, Op: "taken", What: t.Provider + " " + t.Dispatch, Answer: t})
		if !t.Replay {
			all = append(all, check.Message{Dispatch: t.Dispatch, Provider: t.Provider, At: t.At, Resend: t.Resend})
		}
	}
	items, err := s.items(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range items {
		log.add(Line{At: m.At, Op: "taken", What: m.Provider + " " + m.Dispatch})
	}
	all = append(all, items...)
	slices.SortStableFunc(all, func(a, b check.Message) int { return a.At.Compare(b.At) })
	return all, nil
}
