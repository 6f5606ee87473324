// SPDX-License-Identifier: Apache-2.0

// Package nemesis runs a whole Touchgate under load and breaks it again and
// again. Then it checks from outside whether Touchgate kept its promises:
// nothing lost, nothing sent twice, no cap exceeded, nothing sent in quiet hours
// or after a stop. A run stays on loopback and in a folder of its own, its
// length and load are bounded, and its random choices come from a seed.
package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/lab/nemesis/world"

	"touchgate.dev/internal/loop"
)

// Run runs the nemesis. An error says that the run itself failed; the report
// says whether Touchgate kept its promises.
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
	s, err := startSystem(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	w, err := world.New(o.Seed, o.Customers, o.Crowd)
	if err != nil {
		return nil, err
	}
	c, err := newCallers(s, log, w)
	if err != nil {
		return nil, err
	}
	if err := c.storeCustomers(ctx); err != nil {
		return nil, err
	}

	began := time.Now()
	in := &injector{system: s, random: rand.New(rand.NewPCG(o.Seed, 13)), log: log, pause: o.Pause}
	if err := runFaults(ctx, c, in); err != nil {
		return nil, err
	}
	fmt.Fprintln(o.Progress, "nemesis: everything is healed; waiting until every touch has ended")
	ended, err := c.waitDrained(ctx, o.Drain)
	if err != nil {
		return nil, err
	}
	r, err = checkRun(ctx, c, in, ended)
	if err != nil {
		return nil, err
	}
	r.Seed = o.Seed
	r.Seconds = time.Since(began).Seconds()
	r.Goals = r.goals(o)
	return r, nil
}

// runFaults is the run proper: callers submit, the injector breaks parts, and
// vendors misbehave, all at once. At its end everything is healed.
func runFaults(ctx context.Context, c *callers, in *injector) error {
	o := c.system.o
	running, stop := context.WithTimeout(ctx, o.Duration)
	defer stop()
	// What was submitted before the end is repeated until it is answered.
	answering, abort := context.WithTimeout(ctx, o.Duration+o.Drain)
	defer abort()

	failed := make(chan error, 3)
	go func() {
		c.run(running, answering, o.Rate)
		failed <- nil
	}()
	go func() { failed <- in.run(running) }()
	go func() { failed <- misbehave(running, c.system, rand.New(rand.NewPCG(o.Seed, 17)), c.log) }()
	go c.printProgress(running)
	var first error
	for range cap(failed) {
		if err := <-failed; err != nil && first == nil {
			first = err
			stop()
		}
	}
	if err := c.system.heal(); first == nil {
		first = err
	}
	return first
}

// printProgress prints a line every ten seconds.
func (c *callers) printProgress(ctx context.Context) {
	began := time.Now()
	for loop.Sleep(ctx, 10*time.Second) {
		counts := c.system.vendors.Received().Counts()
		c.mu.Lock()
		fmt.Fprintf(c.system.o.Progress, "nemesis: %3.0f s, %d touches, %d requests (%d again), vendors took %d messages\n",
			time.Since(began).Seconds(), len(c.expected), c.requests, c.repeats, counts.Messages)
		c.mu.Unlock()
	}
}
