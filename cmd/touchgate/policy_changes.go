package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/internal/commandline"
	"touchgate.dev/ledger"
)

// policyChangeCommands propose, approve and activate policies over the API.
func policyChangeCommands(environ []string) []*cobra.Command {
	return []*cobra.Command{
		policySubmitCommand(environ),
		policyDecisionCommand(environ, "approve", "Approve a submitted proposal: another person's key than its author's",
			"It binds on every node within a second, or from its effective time on."),
		policyDecisionCommand(environ, "reject", "Turn a proposal down; say why with --reason", ""),
		policyDecisionCommand(environ, "withdraw", "Take a proposal back that does not bind yet", ""),
		policyRollbackCommand(environ),
		policyListCommand(environ),
		policyShowCommand(environ),
	}
}

// policySubmitCommand stores a proposal and asks for its approval.
func policySubmitCommand(environ []string) *cobra.Command {
	var f apiFlags
	var title, reason, effective string
	var draft bool
	cmd := &cobra.Command{
		Use:   "submit FILE|FOLDER",
		Short: "Propose the whole set of policies, and ask for its approval",
		Long: `submit sends documents to the gateway, which compiles them, and asks for approval
by another person. They replace the whole set in force. It prints the proposal's
id, which approve takes.`,
		Example: `  touchgate policy submit policies/ --title "Two contacts a week" --effective 2026-12-01T00:00:00+08:00`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			documents, err := readDocuments(args[0])
			if err != nil {
				return err
			}
			body := map[string]any{"title": title, "documents": documents}
			if effective != "" {
				at, err := time.Parse(time.RFC3339, effective)
				if err != nil {
					return usageError("--effective %s: write an instant such as 2026-12-01T00:00:00+08:00", effective)
				}
				body["effective_at"] = at
			}
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			var p ledger.Proposal
			if err := client.Do(cmd.Context(), http.MethodPost, "/v1/policies", body, &p); err != nil {
				return err
			}
			if !draft {
				path := "/v1/policies/" + p.ID + ":submit"
				why := map[string]string{"reason": reason}
				if err := client.Do(cmd.Context(), http.MethodPost, path, why, &p); err != nil {
					return err
				}
			}
			fmt.Fprintln(cmd.OutOrStdout(), p.ID)
			printProposal(cmd.ErrOrStderr(), &p)
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&title, "title", "", "what it is, in a `LINE`")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the approver and the record")
	cmd.Flags().StringVar(&effective, "effective", "", "the `INSTANT` from which it binds (default: when approved)")
	cmd.Flags().BoolVar(&draft, "draft", false, "only store it, for others to look at")
	if err := cmd.MarkFlagRequired("title"); err != nil {
		panic("policy submit: " + err.Error()) // the flag is declared above
	}
	return cmd
}

// policyDecisionCommand makes the command for one decision about a proposal. The
// verb is that of the API.
func policyDecisionCommand(environ []string, verb, short, long string) *cobra.Command {
	var f apiFlags
	var reason string
	cmd := &cobra.Command{
		Use: verb + " PROPOSAL", Short: short, Long: long,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			var p ledger.Proposal
			path := "/v1/policies/" + url.PathEscape(args[0]) + ":" + verb
			why := map[string]string{"reason": reason}
			if err := client.Do(cmd.Context(), http.MethodPost, path, why, &p); err != nil {
				return err
			}
			printProposal(cmd.OutOrStdout(), &p)
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return cmd
}

// policyRollbackCommand activates an earlier set again. It needs no approval, so
// that one person can undo a change that does harm.
func policyRollbackCommand(environ []string) *cobra.Command {
	var f apiFlags
	var to, reason string
	cmd := &cobra.Command{
		Use:   "rollback --reason WHY",
		Short: "Put the set of policies into force again that was in force before",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			var p ledger.Proposal
			body := map[string]string{"to": to, "reason": reason}
			if err := client.Do(cmd.Context(), http.MethodPost, "/v1/policies:rollback", body, &p); err != nil {
				return err
			}
			printProposal(cmd.OutOrStdout(), &p)
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&to, "hash", "", "the set's `HASH` (default: the one that the present set replaced)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return cmd
}

// policyListCommand prints one row for each proposal.
func policyListCommand(environ []string) *cobra.Command {
	var f apiFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List proposals and what became of them, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			var page struct {
				Items []ledger.Proposal `json:"items"`
			}
			if err := client.Do(cmd.Context(), http.MethodGet, "/v1/policies", nil, &page); err != nil {
				return err
			}
			t := commandline.NewTable(cmd.OutOrStdout())
			t.AppendHeader(table.Row{"id", "state", "title", "hash", "author", "approver", "last step"})
			for _, p := range page.Items {
				last := p.History[len(p.History)-1].At
				t.AppendRow(table.Row{
					p.ID, p.State, p.Title, p.Hash, p.Author, p.Approver, last.UTC().Format(time.DateTime),
				})
			}
			t.Render()
			return nil
		},
	}
	f.register(cmd)
	return cmd
}

// policyShowCommand prints the documents of a set, each after its name.
func policyShowCommand(environ []string) *cobra.Command {
	var f apiFlags
	cmd := &cobra.Command{
		Use:   "show [HASH]",
		Short: "Print the documents of a set, those in force without a hash",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			hash := "active"
			if len(args) == 1 {
				hash = args[0]
			}
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			var set struct {
				Hash      string            `json:"hash"`
				Documents map[string]string `json:"documents"`
			}
			if err := client.Do(cmd.Context(), http.MethodGet, "/v1/policy-sets/"+url.PathEscape(hash), nil, &set); err != nil {
				return err
			}
			commandline.Printf(cmd.ErrOrStderr(), "set %s\n", set.Hash)
			for _, name := range slices.Sorted(maps.Keys(set.Documents)) {
				fmt.Fprintf(cmd.OutOrStdout(), "# %s\n%s", name, set.Documents[name])
			}
			return nil
		},
	}
	f.register(cmd)
	return cmd
}

// printProposal prints the state of a proposal in one line.
func printProposal(w io.Writer, p *ledger.Proposal) {
	commandline.Printf(w, "proposal %s is %s: %s (hash %s)", p.ID, p.State, p.Title, p.Hash)
	if p.State == ledger.ProposalApproved {
		commandline.Printf(w, ", binds from %s", p.EffectiveAt.Format(time.RFC3339))
	}
	fmt.Fprintln(w)
}
