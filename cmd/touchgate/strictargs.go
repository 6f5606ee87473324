package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// strictArgs makes wrong arguments and unknown commands a usage error, for a
// command and those below it. By default cobra prints the help of a group and
// reports success for a command that does not exist. A script would not notice.
func strictArgs(cmd *cobra.Command) {
	if !cmd.Runnable() {
		cmd.Args = cobra.NoArgs
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		cmd.DisableFlagsInUseLine = true
		cmd.SuggestionsMinimumDistance = 2
	}
	if wanted := cmd.Args; wanted != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := wanted(cmd, args)
			if err == nil {
				return nil
			}
			hint := ""
			if len(args) > 0 {
				if names := cmd.SuggestionsFor(args[0]); len(names) > 0 {
					hint = "; perhaps " + strings.Join(names, " or ")
				}
			}
			return usageError("%v%s\nUsage: %s\nSee: %s --help", err, hint, cmd.UseLine(), cmd.CommandPath())
		}
	}
	for _, sub := range cmd.Commands() {
		strictArgs(sub)
	}
}
