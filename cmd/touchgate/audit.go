package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/touch"
)

// auditCommand exports the journal and verifies an export.
func auditCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Export the record of every change of the rules, and verify it off line",
		Long: `Every proposal, approval, rollback, stop, pause and suppression is a record of the
ledger's journal, with who did it and why. Each record contains the hash of the
one before. An export holds the whole chain, and shows the records that concern
the rules. It names no customer.`,
	}
	var path string
	var all bool
	export := &cobra.Command{
		Use:   "export > FILE",
		Short: "Write the journal to standard output, one JSON object a line",
		Long: `export reads the ledger that the configuration names. At the end it prints the
head: the number and the hash of the last record. If you keep the head elsewhere
you can prove later that an export is complete.`,
		Example: `  touchgate audit export --config touchgate.yaml > audit.ndjson`,
		Args:    cobra.NoArgs,
	}
	export.RunE = onLedger(&path, environ, app.OpenExistingLedger,
		func(cmd *cobra.Command, _ []string, l *ledger.Ledger) error {
			head, err := audit.Export(cmd.Context(), l.Journal, cmd.OutOrStdout(), audit.Options{All: all})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d records, %d of them shown; head: %d %s\n",
				head.Records, head.Shown, head.Pos, head.Hash)
			return nil
		})
	export.Flags().StringVar(&path, "config", "", "the configuration `FILE` that names the ledger")
	export.Flags().BoolVar(&all, "all", false, "show every record, customers' touches too")

	var head string
	var list bool
	verify := &cobra.Command{
		Use:   "verify FILE",
		Short: "Find any record of an export that was changed, left out, added or moved",
		Long: `verify needs only the export, no ledger and no network. Without --head it proves
that the chain in the file is unbroken. With the hash that was noted at an export
it proves that it is this export. The exit status is 1 if it is not.`,
		Example: `  touchgate audit verify audit.ndjson --list
  touchgate audit verify audit.ndjson --head 5b0f...`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, _, err := openInput(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			got, err := audit.Verify(in, head, func(e touch.Event) {
				if list {
					at := e.At.UTC().Format("2006-01-02 15:04:05")
					commandline.Printf(cmd.OutOrStdout(), "%s  %-16s  %s\n", at, e.Actor, e.Reason)
				}
			})
			if err != nil {
				return &exitError{exitFailed, args[0] + ": " + err.Error()}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "ok: %d records, %d of them shown; head: %d %s\n",
				got.Records, got.Shown, got.Pos, got.Hash)
			return nil
		},
	}
	verify.Flags().StringVar(&head, "head", "", "the `HASH` that the chain must end in")
	verify.Flags().BoolVar(&list, "list", false, "print the events shown")
	cmd.AddCommand(export, verify)
	return cmd
}
