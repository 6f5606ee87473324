package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/gateway/access"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/ledger"
)

// keyCommand works on the ledger itself, because the first key cannot be made
// over an API that needs one.
func keyCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Create, list and revoke API keys",
		Long: `An API key names a caller and what it may do. The ledger stores a hash of it. A
running gateway applies a change within five seconds.`,
	}
	var path string
	cmd.PersistentFlags().StringVar(&path, "config", "", "the configuration `FILE` that names the ledger")
	with := func(open openLedgerFunc, run keyFunc) func(*cobra.Command, []string) error {
		return onLedger(&path, environ, open, func(cmd *cobra.Command, args []string, l *ledger.Ledger) error {
			return run(cmd, args, l.Keys)
		})
	}
	cmd.AddCommand(keyCreateCommand(with), keyListCommand(with), keyRevokeCommand(with))
	return cmd
}

// keyFunc runs a command on the keys of a ledger.
type keyFunc = func(cmd *cobra.Command, args []string, store ledger.Keys) error

// withKeys makes cobra's function of a command: it opens the ledger, runs the
// command and closes the ledger.
type withKeys = func(open openLedgerFunc, run keyFunc) func(*cobra.Command, []string) error

func newKeys(store ledger.Keys) *access.Keys { return access.NewKeys(access.KeyOptions{Store: store}) }

func keyCreateCommand(with withKeys) *cobra.Command {
	var scopes []string
	cmd := &cobra.Command{
		Use:   "create CALLER",
		Short: "Make a key for a caller and print it, this once",
		Example: `  touchgate key create strategy-engine --scopes submit,read --config touchgate.yaml
  touchgate key create ops --scopes admin --config touchgate.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: with(app.OpenLedger, func(cmd *cobra.Command, args []string, store ledger.Keys) error {
			key, made, err := newKeys(store).Create(cmd.Context(), access.CommandLine, args[0], scopes)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), key)
			fmt.Fprintf(cmd.ErrOrStderr(), "id %s, caller %s, scopes %s: keep it now, it is not shown again\n",
				made.ID, made.Caller, strings.Join(made.Scopes, ","))
			return nil
		}),
	}
	cmd.Flags().StringSliceVar(&scopes, "scopes", []string{"submit", "read"},
		"what it may do: submit, read, receipts, customers, templates, desk, policy:write, policy:approve, admin")
	return cmd
}

func keyListCommand(with withKeys) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List keys, without their secrets",
		Args:  cobra.NoArgs,
		RunE: with(app.OpenExistingLedger, func(cmd *cobra.Command, _ []string, store ledger.Keys) error {
			keys, err := allKeys(cmd.Context(), store)
			if err != nil {
				return err
			}
			t := commandline.NewTable(cmd.OutOrStdout())
			t.AppendHeader(table.Row{"id", "caller", "scopes", "created", "revoked"})
			for _, k := range keys {
				revoked := ""
				if k.RevokedAt != nil {
					revoked = k.RevokedAt.UTC().Format(time.DateTime)
				}
				created := k.CreatedAt.UTC().Format(time.DateTime)
				t.AppendRow(table.Row{k.ID, k.Caller, strings.Join(k.Scopes, ","), created, revoked})
			}
			t.Render()
			return nil
		}),
	}
}

// allKeys reads the list page by page.
func allKeys(ctx context.Context, store ledger.Keys) (all []ledger.APIKey, _ error) {
	const page = 1000
	for after := ""; ; after = all[len(all)-1].ID {
		keys, err := store.List(ctx, after, page)
		all = append(all, keys...)
		if err != nil || len(keys) < page {
			return all, err
		}
	}
}

func keyRevokeCommand(with withKeys) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke a key for ever",
		Args:  cobra.ExactArgs(1),
		RunE: with(app.OpenExistingLedger, func(cmd *cobra.Command, args []string, store ledger.Keys) error {
			if err := newKeys(store).Revoke(cmd.Context(), access.CommandLine, args[0]); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "revoked", args[0])
			return nil
		}),
	}
}
