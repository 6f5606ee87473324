package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/internal/lab/nemesis"
	"touchgate.dev/internal/lab/nemesis/world"
	"touchgate.dev/touch"
)

// drainTimeout is the longest that a touch can take to end after everything is
// healed: a lease of a minute, two looks at the kill switches, and six queries
// of an unknown outcome, which lie within 126 s.
const drainTimeout = 6 * time.Minute

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
		Long: `nemesis starts a Touchgate of its own on loopback and puts it under load. It
kills, freezes, disconnects and confuses its parts; a seed determines which. The
vendors keep their own log of the messages that they took. At the end that log
shows whether anything was lost, sent twice, over a cap, in quiet hours or after
a stop. The raw history stays in the folder if a promise was broken, or if --dir
names one.

With --servers it runs two gateways, workers and feeders on a PostgreSQL and
redis-servers of its own (apt-get install postgresql redis-server): a master and
a replica, or with --redis cluster a Redis Cluster of three masters with a
replica each. Rolling restarts change between this program and the one that
--other names, as an upgrade does: another build of touchgate-lab.

The last table compares the run with what a proof needs: half an hour, enough
kills and touches, every promise kept, and a short time until touches go out
again after a fault. The exit status depends on the promises only.`,
		Example: `  touchgate-lab nemesis --duration 1m
  touchgate-lab nemesis --servers --duration 30m --seed 42 --dir ./run
  touchgate-lab nemesis --servers --redis cluster --other ./touchgate-lab-old`,
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
	flags.Uint64Var(&f.seed, "seed", 0, "the seed of all random choices (default: a new one)")
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
		f.seed = uint64(rand.Uint32())
	}
	temporary := f.dir == ""
	if err := f.makeDir(); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return touch.Errorf(touch.Internal, "", "the path of this program is unknown: %w", err)
	}

	fmt.Fprintf(stderr, "nemesis: seed %d, everything is in %s\n", f.seed, f.dir)
	r, err := nemesis.Run(ctx, f.options(program, stderr))
	if err != nil {
		return err
	}
	if f.json {
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			return touch.Errorf(touch.Unavailable, "", "the report cannot be written: %w", err)
		}
	} else {
		r.Print(stdout)
	}
	if !r.Good() {
		return touch.Errorf(touch.Internal, "", "a promise was broken; seed %d, the history is in %s", f.seed, f.dir)
	}
	if temporary {
		return os.RemoveAll(f.dir)
	}
	return nil
}

// makeDir makes the folder for everything. Without --dir it is a temporary one.
func (f *nemesisFlags) makeDir() error {
	if f.dir != "" {
		if err := os.MkdirAll(f.dir, 0o711); err != nil {
			return touch.Errorf(touch.Unavailable, "dir", "cannot make the folder: %w", err)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "touchgate-nemesis-")
	if err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "no temporary folder: %w", err)
	}
	f.dir = dir
	return nil
}

func (f *nemesisFlags) options(program string, progress io.Writer) nemesis.Options {
	crowd := int(15*f.rate) + 1 // so few that caps bind
	customers := f.customers
	if customers == 0 {
		customers = world.Customers(int(f.rate*f.duration.Seconds()), crowd)
	}
	return nemesis.Options{
		Program:   program,
		Dir:       f.dir,
		Servers:   f.servers,
		Cluster:   f.redis == "cluster",
		Only:      f.only,
		Other:     f.other,
		Seed:      f.seed,
		Duration:  f.duration,
		Pause:     f.pause,
		Rate:      f.rate,
		Customers: customers,
		Crowd:     crowd,
		Drain:     drainTimeout,
		Quick:     f.quick,
		Progress:  progress,
		Now:       time.Now,
	}
}
