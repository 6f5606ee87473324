package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/touch"
)

// ledgerCommand reads the ledger itself, so it works also while no gateway
// answers.
func ledgerCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Verify the ledger's journal, follow one touch through it, export what happened",
		Long: `These commands read the ledger that the configuration names, and change nothing.
They need no gateway, and gateways and workers may run at the same time.`,
	}
	var path string
	cmd.PersistentFlags().StringVar(&path, "config", "", "the configuration `FILE` that names the ledger")
	with := func(run ledgerRun) runE { return onLedger(&path, environ, app.OpenExistingLedger, run) }
	cmd.AddCommand(ledgerVerifyCommand(with), ledgerTraceCommand(with), ledgerExportCommand(with))
	return cmd
}

type (
	runE       = func(cmd *cobra.Command, args []string) error
	ledgerRun  = func(cmd *cobra.Command, args []string, l *ledger.Ledger) error
	withLedger = func(ledgerRun) runE

	openLedgerFunc = func(ctx context.Context, cfg *app.Config, now func() time.Time) (*ledger.Ledger, error)
)

// onLedger runs a command on the ledger that the configuration in path names,
// opened by open.
func onLedger(path *string, environ []string, open openLedgerFunc, run ledgerRun) runE {
	return func(cmd *cobra.Command, args []string) error {
		cfg, err := app.LoadConfig(*path, environ, app.Adapters(nil, nil))
		if err != nil {
			return err
		}
		l, err := open(cmd.Context(), cfg, time.Now)
		if err != nil {
			return err
		}
		defer l.Close()
		return run(cmd, args, l)
	}
}

func ledgerVerifyCommand(with withLedger) *cobra.Command {
	var text string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Find the first record of the journal that was changed, left out or moved",
		Long: `verify reads the whole journal and recomputes its chain of hashes. At the end it
prints the head: the number and the hash of the last record. If you note the head
elsewhere you can prove later, with --noted, that nothing before it was
rewritten. The exit status is 1 if a record is broken.`,
		Example: `  touchgate ledger verify --config touchgate.yaml
  touchgate ledger verify --config touchgate.yaml --noted 81243:5b0f...`,
		Args: cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, _ []string, l *ledger.Ledger) error {
			noted, err := parseNoted(text)
			if err != nil {
				return err
			}
			bar := newProgress(cmd.ErrOrStderr(), "verifying", 0)
			head, err := audit.Check(cmd.Context(), l.Journal, noted, bar.set)
			bar.stop()
			if touch.ClassOf(err) == touch.Invalid {
				return &exitError{exitFailed, fmt.Sprintf("%v; %d records before it are good", err, head.Records)}
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "ok: %d records; head: %d:%s\n", head.Records, head.Pos, head.Hash)
			return nil
		}),
	}
	cmd.Flags().StringVar(&text, "noted", "", "a head `NUMBER:HASH` that the journal must hold")
	return cmd
}

func parseNoted(text string) (*audit.Noted, error) {
	if text == "" {
		return nil, nil
	}
	pos, hash, ok := strings.Cut(text, ":")
	n, err := strconv.ParseInt(pos, 10, 64)
	if !ok || err != nil || n < 1 || len(hash) != 64 {
		return nil, usageError("--noted %s: write NUMBER:HASH as verify prints them", text)
	}
	return &audit.Noted{Pos: n, Hash: strings.ToLower(hash)}, nil
}
