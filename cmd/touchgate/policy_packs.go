package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/internal/commandline"
	"touchgate.dev/policies/packs"
)

// policyPacksCommand lists and prints the rule packs in the binary.
func policyPacksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "packs",
		Short: "List and print the rule packs that ship with touchgate",
		Long: `packs shows contact laws and industry rules that are written as policies. They are
engineering research, not legal advice: have a pack signed off before it binds.`,
	}
	cmd.AddCommand(policyPacksListCommand(), policyPacksShowCommand())
	return cmd
}

// policyPacksListCommand prints one row for each rule pack.
func policyPacksListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the rule packs: name, jurisdictions, title and source",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := packs.List()
			if err != nil {
				return err
			}
			t := commandline.NewTable(cmd.OutOrStdout())
			t.AppendHeader(table.Row{"name", "jurisdictions", "title", "source"})
			for _, p := range all {
				jurisdictions := strings.Join(p.Jurisdictions, ", ")
				if jurisdictions == "" {
					jurisdictions = "all"
				}
				t.AppendRow(table.Row{p.Name, jurisdictions, p.Title, p.Source})
			}
			t.Render()
			return nil
		},
	}
}

// policyPacksShowCommand prints the policy or the page of a rule pack.
func policyPacksShowCommand() *cobra.Command {
	var page bool
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Print the policy of a rule pack, or its page",
		Long: `show prints the policy documents of a pack as they are compiled, each after a
comment with its path. With --page it prints the pack's page instead: what the pack
rules, how it reads the law, and where the law is published.`,
		Example: `  touchgate policy packs show us-reg-f-hours > us-reg-f-hours.yaml
  touchgate policy packs show us-reg-f-hours --page`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if page {
				text, err := packs.Page(args[0])
				if err != nil {
					return err
				}
				_, err = out.Write(text)
				return err
			}

			documents, err := packs.Policy(args[0])
			if err != nil {
				return err
			}
			for _, d := range documents {
				fmt.Fprintf(out, "# %s\n%s", d.Name, d.Data)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&page, "page", false, "print the page (Markdown) instead of the policy")
	return cmd
}
