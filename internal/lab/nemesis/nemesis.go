// SPDX-License-Identifier: Apache-2.0

// Package nemesis breaks a whole Touchgate again and again, under load, and
// judges from outside whether it kept its promises: nothing lost, nothing sent
// twice, no cap exceeded, nothing sent in quiet hours or after a stop. It runs
// on loopback, in a folder of its own, bounded in time and number, from a seed.
package nemesis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/lab/nemesis/world"
	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// Options say how a run goes.
type Options struct {
	Self string // the touchgate program
	Dir  string // where everything is kept; it must exist
	// Servers says that it runs two gateways, workers and feeders on PostgreSQL
	// and redis-server; otherwise one process with everything embedded.
	Servers bool
	Cluster bool   // with Servers: Redis is a Cluster of three masters with a replica each
	Only    string // only faults with this in their names
	Other   string // a second build of the program, for rolling restarts; "": the same again
	// Account makes a service account of FCM whose tokens come from a URL.
	Account   func(tokenURL string) (string, error)
	Seed      uint64
	Duration  time.Duration // of breaking; draining comes after it
	Pause     time.Duration // between two faults
	Rate      float64       // touches a second
	Customers int
	Crowd     int           // how many of them get touches at one time
	Drain     time.Duration // how long everything may take to come to its end
	Quick     bool          // unknown outcomes that are still looked into are not waited for
	Progress  io.Writer
	Now       func() time.Time
}

func (o Options) now() time.Time { return o.Now() }

// Delay is the published time within which what was judged fit still leaves:
// what stops it later than that comes in time.
func (o Options) Delay() time.Duration { return 5*time.Second + vendorTimeout + 2*time.Second }

// Report is what came of a run.
type Report struct {
	check.Report
	Seed     uint64         `json:"seed"`
	Seconds  float64        `json:"seconds"`
	Asked    int            `json:"requests"`
	Repeated int            `json:"requests_repeated"`
	Faults   map[string]int `json:"faults"`
	// Kills counts kill -9 of our processes; Redis its restarts, deaths and
	// promotions; Flushes its FLUSHALLs.
	Kills   int    `json:"kills"`
	Redis   int    `json:"redis_restarts_and_promotions"`
	Flushes int    `json:"redis_flushalls"`
	Goals   []Goal `json:"done_when"`
}

// Run runs it. The error says that the run itself failed; whether the promises
// were kept is in the report.
func Run(ctx context.Context, o Options) (r *Report, err error) {
	log, err := newHistory(o.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := log.close(); err == nil {
			err = closed
		}
	}()
	h, err := build(ctx, o)
	if err != nil {
		return nil, err
	}
	defer h.close()
	w, err := world.New(o.Seed, o.Customers, o.Crowd)
	if err != nil {
		return nil, err
	}
	c, err := newCallers(h, log, w)
	if err != nil {
		return nil, err
	}
	if err := c.settleIn(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	n := &nemesis{h: h, dice: rand.New(rand.NewPCG(o.Seed, 13)), log: log, pause: o.Pause}
	if err := storm(ctx, c, n); err != nil {
		return nil, err
	}
	fmt.Fprintln(o.Progress, "nemesis: everything is healed; waiting for every touch to come to its end")
	ended, err := c.drained(ctx, o.Drain)
	if err != nil {
		return nil, err
	}
	r, err = judge(ctx, c, n, log, ended)
	if err != nil {
		return nil, err
	}
	r.Seed, r.Seconds = o.Seed, time.Since(began).Seconds()
	r.Goals = r.goals(o)
	return r, nil
}

// settleIn stores the customers.
func (c *callers) settleIn(ctx context.Context) error {
	var lines bytes.Buffer
	all := c.world.Customers()
	for i := range all {
		if err := json.NewEncoder(&lines).Encode(&all[i]); err != nil {
			return err
		}
	}
	var total apiclient.Chunk
	err := c.patient().Upload(ctx, "/v1/customers", &lines, func(part apiclient.Chunk) {
		if part.Done {
			total = part
		}
	})
	if err == nil && (total.Lines != len(all) || total.Failed > 0) {
		err = touch.Errorf(touch.Internal, "", "of %d customers %d were taken and %d not: %v", len(all), total.Lines, total.Failed, total.Errors)
	}
	return err
}

// storm is the run proper: callers, faults and misbehaving vendors at once.
func storm(ctx context.Context, c *callers, n *nemesis) error {
	blow, calm := context.WithTimeout(ctx, c.h.o.Duration)
	defer calm()
	late, giveUp := context.WithTimeout(ctx, c.h.o.Duration+c.h.o.Drain)
	defer giveUp()
	failed := make(chan error, 3)
	go func() { c.run(blow, late, c.h.o.Rate); failed <- nil }()
	go func() { failed <- n.run(blow) }()
	go func() { failed <- misbehave(blow, c.h, rand.New(rand.NewPCG(c.h.o.Seed, 17)), c.log) }()
	go c.tell(blow)
	var first error
	for range cap(failed) {
		if err := <-failed; err != nil && first == nil {
			first = err
			calm()
		}
	}
	if err := c.h.heal(); first == nil {
		first = err
	}
	return first
}

// tell says a line now and then.
func (c *callers) tell(ctx context.Context) {
	began := time.Now()
	for rest(ctx, 10*time.Second) {
		counts := c.h.vendors.Truth().Counts()
		c.mu.Lock()
		fmt.Fprintf(c.h.o.Progress, "nemesis: %3.0f s, %d touches, %d requests (%d again), vendors took %d messages\n",
			time.Since(began).Seconds(), len(c.orders), c.asked, c.again, counts.Messages)
		c.mu.Unlock()
	}
}

// judge gathers what callers, vendors and the API say, and checks it.
func judge(ctx context.Context, c *callers, n *nemesis, log *history, ended time.Time) (*Report, error) {
	ends, err := c.ends(ctx)
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
	run := &check.Run{
		Orders: c.orders, Ends: ends, Caps: caps, Halts: c.halts, Delay: c.h.o.Delay(), Now: ended, Faults: n.done,
		Quiet:   check.Quiet{Categories: world.Quiet(), Open: world.Open},
		Vendors: map[string]check.Vendor{"push": {}, "fcm": {}},
	}
	for _, name := range []string{"sms", "mail", "dialler", "inbox", "popup", "rm_task"} {
		run.Vendors[name] = check.Vendor{Idempotent: true}
	}
	for _, t := range c.h.vendors.Truth().Taken() {
		log.add(Line{At: t.At, Op: "taken", What: t.Provider + " " + t.Dispatch, Answer: t})
		if !t.Replay {
			run.Messages = append(run.Messages, check.Message{Dispatch: t.Dispatch, Provider: t.Provider, At: t.At, Resend: t.Resend})
		}
	}
	own, err := c.h.items(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range own {
		log.add(Line{At: m.At, Op: "taken", What: m.Provider + " " + m.Dispatch})
	}
	run.Messages = append(run.Messages, own...)
	slices.SortStableFunc(run.Messages, func(a, b check.Message) int { return a.At.Compare(b.At) })
	r := &Report{
		Report: check.Check(run), Asked: c.asked, Repeated: c.again, Faults: map[string]int{}, Redis: n.redis, Flushes: n.flushes,
	}
	for _, p := range c.h.procs {
		r.Kills += p.Kills()
	}
	for _, f := range n.done {
		r.Faults[f.Kind]++
	}
	return r, nil
}
