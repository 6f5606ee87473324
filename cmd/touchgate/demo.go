package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/touch"
)

type demoFlags struct {
	touches               int
	file, policies        string
	data, config          string
	workers               int
	json                  bool
	environ               []string
	stdout, stderr, table io.Writer // table is stderr with --json
}

func demoCommand(environ []string) *cobra.Command {
	f := demoFlags{environ: environ}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Send a made-up campaign under anti-harassment rules, and count what went wrong",
		Long: `demo starts everything in this process (a SQLite ledger, a Redis, the HTTP API,
simulated vendors over real HTTP), sends a made-up campaign through it, and
shows what came of it. One vendor fails for a while; receipts are lost, late,
early and doubled. Its clock starts at 12:30 UTC on a Tuesday, so that it does
the same at any hour.

At the end stand three counts, taken from the vendors' own log:
  lost        accepted touches that came to no end, or are said to be sent while
              no vendor took them
  duplicated  messages beyond the first for one leg of one touch; an urgent one
              whose first outcome nobody can tell may be resent, and is marked
  over cap    contacts beyond a cap of the policies, by the vendors' clocks
The exit status is 1 when any of them is not zero.

--json prints one object to standard output: accepted counts the touches that
the gateway recorded; sent those of which a vendor took at least one leg;
delivered, capped, refused, failed, expired and unconfirmed are by final state;
deferred waits for a later time; repeated was known from an earlier run.`,
		Example: `  touchgate demo
  touchgate demo --touches 20000
  touchgate demo --file touches.ndjson --policies ./policies --json
  touchgate demo --file touches.ndjson --config touchgate.yaml --workers 2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.stdout, f.stderr, f.table = cmd.OutOrStdout(), cmd.ErrOrStderr(), cmd.OutOrStdout()
			if f.json {
				f.table = f.stderr
			}
			switch {
			case f.touches < 1 || f.touches > 10_000_000:
				return usageError("--touches is 1 to 10000000")
			case f.workers < 0 || f.workers > 16:
				return usageError("--workers is 0 to 16")
			case f.workers > 0 && f.config == "":
				return usageError("--workers needs --config: worker processes share a PostgreSQL and a Redis")
			}
			return runDemo(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.touches, "touches", 3000, "how many touches to make up")
	flags.StringVar(&f.file, "file", "", "send this NDJSON `FILE` instead; templates that it names are made up")
	flags.StringVar(&f.policies, "policies", "", "the `FOLDER` of policies (default: examples/policies)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object to standard output at the end")
	flags.StringVar(&f.data, "data", "",
		"keep the ledger, the vendors' log and the clock in this `FOLDER`; a second run goes on from there")
	flags.StringVar(&f.config, "config", "",
		"use the ledger and the Redis of this configuration `FILE`, rather than embedded ones")
	flags.IntVar(&f.workers, "workers", 0, "deliver by so many worker processes (with --config)")
	cmd.AddCommand(demoWorkerCommand(environ))
	return cmd
}

// runDemo runs the whole demo. The error has an exit status if a count that
// must be zero is not.
func runDemo(ctx context.Context, f demoFlags) error {
	began := time.Now()
	if f.data == "" {
		dir, err := os.MkdirTemp("", "touchgate-demo-")
		if err != nil {
			return touch.Errorf(touch.Unavailable, "data", "no temporary folder: %w", err)
		}
		defer os.RemoveAll(dir)
		f.data = dir
	}
	load, err := newDemoLoad(f)
	if err != nil {
		return err
	}
	stage, err := buildDemoSystem(ctx, f, load.vendorsMisbehave())
	if err != nil {
		return err
	}
	defer stage.close()
	client, err := apiclient.New(stage.app.URL(), devKey)
	if err != nil {
		return err
	}
	result, err := stage.runWhile(ctx, func(ctx context.Context) (*demoResult, error) {
		return runLoad(ctx, f, stage, load, client)
	})
	if err != nil {
		return err
	}
	result.Seconds = time.Since(began).Seconds()
	if err := result.print(f); err != nil {
		return err
	}
	if result.Lost+result.Duplicated+result.OverCap > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

// runLoad sends the load, waits until nothing moves any more, and verifies what
// came of it.
func runLoad(
	ctx context.Context,
	f demoFlags,
	stage *demoSystem,
	load *demoLoad,
	client *apiclient.Client,
) (*demoResult, error) {
	if err := load.prepare(ctx, client); err != nil {
		return nil, err
	}
	fmt.Fprintf(f.stderr, "it is %s in the demo; the API answers at %s\n",
		stage.now().UTC().Format("Monday 2 January 2006 15:04 MST"), stage.app.URL())
	sent, err := load.submit(ctx, client, f.stderr)
	if err != nil {
		return nil, err
	}
	if err := waitForCampaigns(ctx, client, load.campaigns, stage.now, f.stderr); err != nil {
		return nil, err
	}
	return verifyDemo(ctx, stage, load, sent, client)
}
