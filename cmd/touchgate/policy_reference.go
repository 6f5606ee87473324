package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"touchgate.dev/policies/ruleset"
)

// policyReferenceCommand prints docs/policy-reference.md. The compiler's own table
// of rules is its source, so the page cannot contradict the code.
func policyReferenceCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "reference",
		Short:   "Print the reference of the policy language (Markdown), from the code itself",
		Example: `  touchgate policy reference > docs/policy-reference.md`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), ruleset.Reference())
			return err
		},
	}
}
