package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
)

// keyCommand works on the ledger itself: the first key cannot be made over an
// API that wants a key.
func keyCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Create, list and revoke API keys",
		Long: `API keys name a caller and what it may do. They are kept in the ledger, hashed;
a running gateway heeds a change within five seconds.`,
	}
	var path string
	cmd.PersistentFlags().StringVar(&path, "config", "", "the configuration `FILE` that names the ledger")
	with := func(open openLedgerFunc, run func(cmd *cobra.Command, args []string, svc *gateway.Service) error) func(*cobra.Command, []string) error {
		return onLedger(&path, environ, open, func(cmd *cobra.Command, args []string, l *ledger.Ledger) error {
			svc, err := gateway.New(gateway.Options{
				Ledger: l, AppSecret: make([]byte, 32), // signs nothing here
				Guard: policies.NewGuard(contactlog.NewModel(), nil), // judges nothing here
			})
			if err != nil {
				return err
			}
			return run(cmd, args, svc)
		})
	}
	cmd.AddCommand(keyCreateCommand(with), keyListCommand(with), keyRevokeCommand(with))
	return cmd
}

type withService = func(openLedgerFunc, func(cmd *cobra.Command, args []string, svc *gateway.Service) error) func(*cobra.Command, []string) error

func keyCreateCommand(with withService) *cobra.Command {
	var scopes []string
	cmd := &cobra.Command{
		Use:   "create CALLER",
		Short: "Make a key for a caller and print it, this once",
		Example: `  touchgate key create strategy-engine --scopes submit,read --config touchgate.yaml
  touchgate key create ops --scopes admin --config touchgate.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: with(app.OpenLedger, func(cmd *cobra.Command, args []string, svc *gateway.Service) error {
			key, made, err := svc.CreateKey(cmd.Context(), args[0], scopes)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), key)
			fmt.Fprintf(cmd.ErrOrStderr(), "id %s, caller %s, scopes %s: keep it now, it is not shown again\n",
				made.ID, made.Caller, strings.Join(made.Scopes, ","))
			return nil
		}),
	}
	cmd.Flags().StringSliceVar(&scopes, "scopes", []string{"submit", "read"}, "what it may do: submit, read, receipts, customers, templates, desk, policy:write, policy:approve, admin")
	return cmd
}

func keyListCommand(with withService) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List keys, without their secrets",
		Args:  cobra.NoArgs,
		RunE: with(app.OpenExistingLedger, func(cmd *cobra.Command, _ []string, svc *gateway.Service) error {
			keys, err := svc.Keys(cmd.Context())
			if err != nil {
				return err
			}
			t := newTable(cmd.OutOrStdout())
			t.AppendHeader(table.Row{"id", "caller", "scopes", "created", "revoked"})
			for _, k := range keys {
				revoked := ""
				if k.RevokedAt != nil {
					revoked = k.RevokedAt.UTC().Format(time.DateTime)
				}
				t.AppendRow(table.Row{k.ID, k.Caller, strings.Join(k.Scopes, ","), k.CreatedAt.UTC().Format(time.DateTime), revoked})
			}
			t.Render()
			return nil
		}),
	}
}

func keyRevokeCommand(with withService) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke a key for ever",
		Args:  cobra.ExactArgs(1),
		RunE: with(app.OpenExistingLedger, func(cmd *cobra.Command, args []string, svc *gateway.Service) error {
			if err := svc.RevokeKey(cmd.Context(), args[0]); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "revoked", args[0])
			return nil
		}),
	}
}
