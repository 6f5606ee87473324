package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/internal/lab/bench"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// benchCommand measures Touchgate on this machine. It only reads the flags; package
// bench does the work.
func benchCommand(environ []string) *cobra.Command {
	var o bench.Options
	var ledger string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench " + strings.Join(bench.Modes(), "|") + "|all",
		Short: "Measure speed, cost and what was lost, on this machine",
		Long: `bench starts a redis-server, a PostgreSQL, a vendor and a Touchgate, all of its
own and on loopback. It puts them under load and prints how fast they were and
at what cost; beside each speed it prints how many touches were lost, duplicated
or over a cap according to the vendor's own log, and what the machine could do
without Touchgate. docs/performance.md explains the modes. The exit status is 1
if one of the three counts is not zero.`,
		Example: `  touchgate-lab bench bulk --ledger postgres
  touchgate-lab bench all --ledger both --json > figures.json
  touchgate-lab bench report figures.json
  touchgate-lab bench latency --backlog 1000000
  touchgate-lab bench sweep segment`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: append(bench.Modes(), "all"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := finishBenchOptions(cmd, &o, ledger); err != nil {
				return err
			}
			report, err := bench.Run(cmd.Context(), args[0], o)
			// After an error the report has what was measured before it.
			if report != nil && len(report.All) > 0 {
				report.Table(cmd.ErrOrStderr())
				if asJSON {
					if err := report.JSON(cmd.OutOrStdout()); err != nil {
						return err
					}
				}
			}
			if err == nil && report.Bad() {
				err = touch.Errorf(touch.Internal, "", "lost %d, duplicated %d, over cap %d",
					report.Lost, report.Duplicated, report.OverCap)
			}
			return err
		},
	}
	flags := cmd.PersistentFlags()
	flags.StringVar(&ledger, "ledger", "both", "postgres, sqlite or both")
	flags.StringVar(&o.Redis, "redis", "", "the `ADDRESS` of a redis-server to use (default: one of our own)")
	flags.IntVar(&o.Touches, "touches", 0, "touches in a round (default: as the mode needs)")
	flags.IntVar(&o.Rounds, "rounds", 0, "rounds after the one that warms up (default 3, and 2 in all)")
	flags.IntVar(&o.Backlog, "backlog", 100_000, "bulk touches that wait while the latency of urgent ones is measured")
	flags.IntVar(&o.Connections, "connections", 64, "callers at work at once in mode single")
	flags.IntVar(&o.Bulk, "segments", 0, "segments of one bulk lane that are delivered at once (default: Touchgate's)")
	flags.StringVar(&o.Profile, "cpuprofile", "", "write Touchgate's CPU profile to `FILE`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "also print one JSON object on standard output at the end")
	cmd.AddCommand(benchSweepCommand(&o, &ledger), benchReportCommand(), benchServeCommand(environ))
	return cmd
}

// finishBenchOptions sets the options that do not have a flag of their own.
func finishBenchOptions(cmd *cobra.Command, o *bench.Options, ledger string) error {
	switch ledger {
	case "both":
		o.Ledgers = []string{"postgres", "sqlite"}
	case "postgres", "sqlite":
		o.Ledgers = []string{ledger}
	default:
		return touch.Errorf(touch.Invalid, "ledger", "%q is none of postgres, sqlite, both", ledger)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	o.Start = bench.Child(program, "bench", "serve")
	o.Progress = cmd.ErrOrStderr()
	return nil
}

func benchSweepCommand(o *bench.Options, ledger *string) *cobra.Command {
	var dir string
	var most int
	cmd := &cobra.Command{
		Use:       "sweep " + strings.Join(bench.Sweeps(), "|"),
		Short:     "Vary one thing and draw how the cost grows",
		Args:      cobra.ExactArgs(1),
		ValidArgs: bench.Sweeps(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := finishBenchOptions(cmd, o, *ledger); err != nil {
				return err
			}
			if err := bench.Sweep(cmd.Context(), args[0], dir, most, *o); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(dir, args[0]+".svg"))
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "out", filepath.Join("docs", "performance"), "the `FOLDER` for CSV and SVG")
	cmd.Flags().IntVar(&most, "max", 0, "leave out values above this")
	return cmd
}

// benchReportCommand prints the tables of docs/performance.md, so that nobody
// copies figures by hand.
func benchReportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report FILE",
		Short: "Print the figures that --json wrote as tables in Markdown",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return touch.Errorf(touch.Invalid, "figures", "cannot be read: %w", err)
			}
			defer f.Close()
			report, err := bench.ReadReport(f)
			if err != nil {
				return err
			}
			report.Markdown(cmd.OutOrStdout())
			return nil
		},
	}
}

// benchServeCommand runs the Touchgate that bench measures, as a process of its
// own. It prints its address, and ends when its standard input ends.
func benchServeCommand(environ []string) *cobra.Command {
	var config, profile string
	var segment int
	cmd := &cobra.Command{
		Use:    "serve",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Settings in the operator's environment are meant for another server.
			environ = slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
				return strings.HasPrefix(v, app.EnvPrefix)
			})
			cfg, err := app.LoadConfig(config, environ, app.Adapters(nil, nil))
			if err != nil {
				return err
			}
			app.TuneMemory(environ)
			cfg.Listen = "127.0.0.1:0" // any free port; the configuration does not allow this
			if profile != "" {
				f, err := os.Create(profile)
				if err != nil {
					return err
				}
				defer f.Close()
				if err := pprof.StartCPUProfile(f); err != nil {
					return err
				}
				defer pprof.StopCPUProfile()
			}
			ctx := bench.UntilClosed(cmd.Context(), cmd.InOrStdin())
			a, err := app.Build(ctx, cfg, app.Options{DevKey: bench.Key, Tuning: workers.Tuning{SegmentSize: segment}})
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), a.URL())
			return runAndClose(ctx, a)
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "the configuration `FILE`")
	cmd.Flags().StringVar(&profile, "cpuprofile", "", "write a CPU profile to `FILE`")
	cmd.Flags().IntVar(&segment, "segment", 0, "touches in one bulk segment")
	return cmd
}
