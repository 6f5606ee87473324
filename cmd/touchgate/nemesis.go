package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/internal/lab/nemesis"
	"touchgate.dev/internal/lab/nemesis/world"
	"touchgate.dev/touch"
)

// nemesisDrain is the longest that a touch of a healed Touchgate can take until
// nothing is due any more: a lease of a minute, two of a stop's looks, and six
// looks at an unknown outcome, which lie within 126 s.
const nemesisDrain = 6 * time.Minute

type nemesisFlags struct {
	dir       string
	servers   bool
	redis     string
	other     string
	only      string
	quick     bool
	json      bool
	seed      uint64
	duration  time.Duration
	rate      float64
	customers int
	pause     time.Duration
}

func nemesisCommand() *cobra.Command {
	var f nemesisFlags
	cmd := &cobra.Command{
		Use:   "nemesis",
		Short: "Break a whole Touchgate again and again, and count what it lost, doubled or exceeded",
		Long: `nemesis starts a Touchgate of its own on loopback, puts it under load, and kills,
freezes, cuts off and confuses its parts, from a seed. Vendors that keep their
own log of what they really took say in the end whether anything was lost, sent
twice, over a cap, in quiet hours or after a stop. The raw history stays in the
folder when it was, or when --dir names one.

With --servers it runs two gateways, workers and feeders on a PostgreSQL and
redis-servers of its own (apt-get install postgresql redis-server): a master and
its copy, or with --redis cluster a Redis Cluster of three masters with a
replica each. Rolling restarts change between this program and the one that
--other names, as an upgrade does.

In the end it says what of a proof the run holds: half an hour of enough kills
and touches, every promise kept, and how soon touches went out again. The exit
code speaks of the promises alone.`,
		Example: `  touchgate nemesis --duration 1m
  touchgate nemesis --servers --duration 30m --seed 42 --dir ./run
  touchgate nemesis --servers --redis cluster --other ./touchgate-old`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runNemesis(cmd.Context(), f, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", "", "the `FOLDER` for everything (default: a temporary one)")
	flags.BoolVar(&f.servers, "servers", false, "PostgreSQL, redis-server and six processes instead of one")
	flags.StringVar(&f.redis, "redis", "single", "with --servers, single or cluster")
	flags.StringVar(&f.other, "other", "", "another build of the `PROGRAM`, for rolling restarts (default: this one)")
	flags.StringVar(&f.only, "only", "", "only faults with this `TEXT` in their names, such as redis")
	flags.BoolVar(&f.quick, "quick", false, "do not wait for the last unknown outcomes, which takes two minutes")
	flags.BoolVar(&f.json, "json", false, "print one JSON object instead of tables")
	flags.Uint64Var(&f.seed, "seed", 0, "what chance begins with (default: a fresh one)")
	flags.DurationVar(&f.duration, "duration", time.Minute, "how long to break things")
	flags.Float64Var(&f.rate, "rate", 170, "touches a second")
	flags.IntVar(&f.customers, "customers", 0, "how many customers (default: enough for the run's touches)")
	flags.DurationVar(&f.pause, "pause", 1500*time.Millisecond, "between two faults")
	return cmd
}

func runNemesis(ctx context.Context, f nemesisFlags, stdout, stderr io.Writer) error {
	if f.duration <= 0 || f.rate <= 0 || f.customers < 0 {
		return usageError("--duration and --rate must be above 0")
	}
	if f.redis != "single" && f.redis != "cluster" || f.redis == "cluster" && !f.servers {
		return usageError("--redis is single or, with --servers, cluster")
	}
	if f.seed == 0 {
		s, err := app.RandomSeed()
		if err != nil {
			return err
		}
		f.seed = s[0] >> 32
	}
	crowd := int(15*f.rate) + 1 // so few that caps bind
	if f.customers == 0 {
		f.customers = world.Customers(int(f.rate*f.duration.Seconds()), crowd)
	}
	kept := f.dir != ""
	if !kept {
		dir, err := os.MkdirTemp("", "touchgate-nemesis-")
		if err != nil {
			return touch.Errorf(touch.Unavailable, "dir", "no temporary folder: %w", err)
		}
		f.dir = dir
	} else if err := os.MkdirAll(f.dir, 0o711); err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "cannot make the folder: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return touch.Errorf(touch.Internal, "", "this program does not know where it lies: %w", err)
	}
	fmt.Fprintf(stderr, "nemesis: seed %d, everything is in %s\n", f.seed, f.dir)
	r, err := nemesis.Run(ctx, nemesis.Options{
		Program: self, Other: f.other, Only: f.only, Quick: f.quick, Dir: f.dir, Servers: f.servers, Cluster: f.redis == "cluster", Account: serviceAccount, Seed: f.seed, Duration: f.duration, Pause: f.pause,
		Rate: f.rate, Customers: f.customers, Crowd: crowd, Drain: nemesisDrain, Progress: stderr, Now: time.Now,
	})
	if err != nil {
		return err
	}
	if f.json {
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			return touch.Errorf(touch.Unavailable, "", "the report cannot be written: %w", err)
		}
	} else {
		printNemesis(stdout, r)
	}
	if !r.Good() {
		return &exitError{exitFailed, fmt.Sprintf("a promise was broken; seed %d, the history is in %s", f.seed, f.dir)}
	}
	if !kept {
		return os.RemoveAll(f.dir)
	}
	return nil
}

func printNemesis(w io.Writer, r *nemesis.Report) {
	t := newTable(w)
	t.AppendRows([]table.Row{
		{"seed", r.Seed}, {"seconds", int(r.Seconds)}, {"requests", r.Requests}, {"requests made again", r.Repeated},
		{"touches", r.Touches}, {"accepted", r.Accepted}, {"messages at vendors", r.Messages},
	})
	t.AppendSeparator()
	t.AppendRows([]table.Row{
		{"lost", r.Lost}, {"sent twice", r.Duplicated},
		{"  allowed: urgent, after an unknown outcome", r.Allowed}, {"  at idempotent vendors", r.IdempotentDups},
		{"unknown outcomes", r.Unknown}, {"  of touches that may be resent", r.Resendable}, {"over cap", r.OverCap}, {"  windows checked", r.CapsChecked},
		{"sent in quiet hours", r.Quiet}, {"sent after a stop", r.AfterStop},
	})
	t.Render()
	t = newTable(w)
	t.AppendHeader(table.Row{"state", "touches"})
	for _, s := range slices.Sorted(maps.Keys(r.States)) {
		t.AppendRow(table.Row{s, r.States[s]})
	}
	t.Render()
	t = newTable(w)
	t.AppendHeader(table.Row{"fault", "times", "lane", "resumed after (median)", "(worst)", "last straggler"})
	for _, x := range r.Resume {
		lane := "bulk"
		if x.Urgent {
			lane = "urgent"
		}
		t.AppendRow(table.Row{x.Fault, x.Times, lane, x.Median.Round(time.Millisecond), x.Worst.Round(time.Millisecond), x.Straggler.Round(time.Millisecond)})
	}
	t.Render()
	t = newTable(w)
	t.AppendHeader(table.Row{"a proof holds", "wanted", "this run", ""})
	for _, g := range r.Goals {
		met := "met"
		if !g.Met {
			met = "not met"
		}
		t.AppendRow(table.Row{g.What, g.Want, g.Got, met})
	}
	t.Render()
	for _, e := range r.Examples {
		fmt.Fprintln(w, e)
	}
}
