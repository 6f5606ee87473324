// SPDX-License-Identifier: Apache-2.0

// Package bench measures Touchgate on this machine. It starts servers, a vendor
// and a Touchgate, the target, and puts them under load over loopback. Beside
// every speed it counts what was lost, duplicated or over a cap, according to the
// vendor's own log. In the same run it measures what the machine can do without
// Touchgate.
package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"touchgate.dev/touch"
)

// Key is the API key with which the bench calls the target.
const Key = "bench-key-that-is-used-on-loopback-only"

// caller is the name of a development key, a part of each touch id.
const caller = "dev"

// mode is one kind of measurement.
type mode struct {
	name string
	// needsTarget says that the mode measures a running Touchgate, once for each
	// ledger. Otherwise it measures a part of the code.
	needsTarget bool
	run         func(ctx context.Context, e *env) (*Figures, error)
	// batch is how many messages the vendor accepts in one call.
	batch int
	// alone keeps the mode out of "all".
	alone bool
}

func modes() []mode {
	return []mode{
		{name: "single", needsTarget: true, run: single},
		{name: "bulk", needsTarget: true, run: bulk},
		{name: "batch-vendor", needsTarget: true, run: bulk, batch: 100},
		{name: "ingest", needsTarget: true, run: ingest},
		{name: "latency", needsTarget: true, run: latency},
		{name: "edge", needsTarget: true, run: edge, alone: true},
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

// Run measures one mode, or with the name "all" every mode, two rounds each. Mode
// "edge" is not a part of "all". If a mode fails, Run measures the others
// nevertheless, and returns all errors joined. When ctx ends Run cleans up and
// returns. A name that is no mode is an error of class Invalid.
func Run(ctx context.Context, name string, o Options) (*Report, error) {
	var chosen []mode
	for _, m := range modes() {
		if name == m.name || name == "all" && !m.alone {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, touch.Errorf(touch.Invalid, "mode", "%q is none of %v, all", name, Modes())
	}
	if name == "all" {
		o.Rounds = orDefault(o.Rounds, 2)
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
		if !m.needsTarget {
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
	e, err := openEnv(ctx, m, ledger, o)
	if err != nil {
		return nil, err
	}
	defer e.close()
	f, err := m.run(ctx, e)
	if err != nil {
		return nil, err
	}
	f.Mode = m.name
	if m.needsTarget {
		f.Ledger = ledger
	}
	return f, nil
}
