package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"touchgate.dev/policies/policyfmt"
	"touchgate.dev/policies/ruleset"
)

// policyDiffCommand compares two sets of documents by what they mean. Both must
// compile: a difference to a faulty document would say little.
func policyDiffCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say in words which rules were added, removed or changed",
		Long: `diff compares two documents, or two folders of them. Policies are matched by name
and rules by id: order, layout, comments and file names do not matter. The exit
status is 0 when they say the same, 1 when they differ.`,
		Example: `  touchgate policy diff policies/ draft/`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var sides [2][]ruleset.Source
			for i, path := range args {
				var err error
				if sides[i], err = readPolicies(path); err != nil {
					return err
				}
				if _, err := ruleset.Compile(sides[i], ruleset.Options{}); err != nil {
					return printFaults(err, cmd)
				}
			}
			changes, err := policyfmt.Diff(sides[0], sides[1])
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(changes)
			}
			for _, c := range changes {
				fmt.Fprintln(cmd.OutOrStdout(), c)
			}
			if len(changes) > 0 {
				return &exitError{code: exitFailed}
			}
			fmt.Fprintln(cmd.OutOrStdout(), "they say the same")
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list, and succeed")
	return cmd
}
