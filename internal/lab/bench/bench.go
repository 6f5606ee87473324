// SPDX-License-Identifier: Apache-2.0

// Package bench measures Touchgate on this machine: it starts servers, a
// vendor and the house itself, drives them over loopback, and beside every
// speed counts what was lost, duplicated or over a cap, by the vendor's own
// log. In the same run it measures what the machine could do without us.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Options are what the operator chose.
type Options struct {
	Ledgers []string // "postgres", "sqlite"
	// Redis is the address of a given server; empty: one of our own.
	Redis   string
	Touches int // in one round; 0: what suits the mode
	Rounds  int // beside the one that warms up; 0: what suits the mode
	// Backlog is how many bulk touches wait while the latency of urgent ones is taken.
	Backlog int
	// Connections is how many callers are at work at once in mode single.
	Connections int
	// Bulk is how many segments of one lane a worker delivers at once; 0: the house's default.
	Bulk int
	// Segment is how many bulk touches are delivered together; 0: the house's default.
	Segment int
	// Profile is a file for the house's CPU profile; empty: none.
	Profile string
	// Start starts the house with a configuration file, and more arguments.
	Start func(ctx context.Context, config, profile string, more ...string) (*House, error)
	// Progress is told what is going on, a line each.
	Progress io.Writer
}

// Key is the API key with which the bench calls the house.
const Key = "bench-key-that-is-used-on-loopback-only"

// caller is the name that a development key has.
const caller = "dev"

// mode is one kind of measurement.
type mode struct {
	name string
	// house says that the mode drives a running house, once for each ledger.
	house bool
	run   func(ctx context.Context, e *env) (*Figures, error)
	// batch is how many messages the vendor takes in one call.
	batch int
}

func modes() []mode {
	return []mode{
		{name: "single", house: true, run: single},
		{name: "bulk", house: true, run: bulk},
		{name: "batch-vendor", house: true, run: bulk, batch: 100},
		{name: "ingest", house: true, run: ingest},
		{name: "latency", house: true, run: latency},
		{name: "caps", run: caps},
		{name: "policy", run: policy},
	}
}

// Modes lists the names that Run knows, besides "all".
func Modes() []string {
	var names []string
	for _, m := range modes() {
		names = append(names, m.name)
	}
	return names
}

// Run measures one mode, or all, in which each is given two rounds. A mode that
// fails does not keep the others from being measured. Run ends, cleaning up,
// when ctx does.
func Run(ctx context.Context, name string, o Options) (*Report, error) {
	var chosen []mode
	for _, m := range modes() {
		if name == m.name || name == "all" {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, touch.Errorf(touch.Invalid, "mode", "%q is none of %v, all", name, Modes())
	}
	if name == "all" {
		o.Rounds = or(o.Rounds, 2)
	}
	report := &Report{Machine: machine(), At: time.Now().UTC()}
	fmt.Fprintln(o.Progress, "what the machine does without us")
	var err error
	if report.Limits, err = limits(ctx, o); err != nil {
		return report, fmt.Errorf("limits: %w", err)
	}
	var failures []error
	for _, m := range chosen {
		ledgers := o.Ledgers
		if !m.house {
			ledgers = ledgers[:1]
		}
		for _, ledger := range ledgers {
			fmt.Fprintf(o.Progress, "%s on %s\n", m.name, ledger)
			f, err := measure(ctx, m, ledger, o)
			if err == nil {
				report.add(f)
				continue
			}
			fmt.Fprintf(o.Progress, "  failed: %v\n", err)
			failures = append(failures, fmt.Errorf("%s on %s: %w", m.name, ledger, err))
			if ctx.Err() != nil {
				return report, errors.Join(failures...)
			}
		}
	}
	return report, errors.Join(failures...)
}

// measure runs one mode in an environment of its own.
func measure(ctx context.Context, m mode, ledger string, o Options) (*Figures, error) {
	e, err := open(ctx, m, ledger, o)
	if err != nil {
		return nil, err
	}
	defer e.close()
	f, err := m.run(ctx, e)
	if err != nil {
		return nil, err
	}
	f.Mode = m.name
	if m.house {
		f.Ledger = ledger
	}
	return f, nil
}

// rounds runs a round so often after a smaller one that warms up, and gives the
// one with the median speed, of two the slower. The three counts are summed over all of them.
func rounds(e *env, standard int, round func(n int) (*Figures, error)) (*Figures, error) {
	if e.o.Rounds > 0 {
		standard = e.o.Rounds
	}
	var all []*Figures
	for n := range standard + 1 {
		f, err := round(n)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			e.say("warm-up: %s", f.line())
			continue
		}
		e.say("round %d: %s", n, f.line())
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b *Figures) int { return int(a.PerSecond - b.PerSecond) })
	m := *all[(len(all)-1)/2]
	m.Rounds, m.Slowest, m.Fastest = len(all), all[0].PerSecond, all[len(all)-1].PerSecond
	m.Lost, m.Duplicated, m.OverCap, m.PeakMB = 0, 0, 0, 0
	for _, f := range all {
		m.Lost += f.Lost
		m.Duplicated += f.Duplicated
		m.OverCap += f.OverCap
		m.PeakMB = max(m.PeakMB, f.PeakMB)
	}
	return &m, nil
}

// or gives the operator's number, else the mode's own.
func or(chosen, standard int) int {
	if chosen > 0 {
		return chosen
	}
	return standard
}
