// SPDX-License-Identifier: Apache-2.0

// Package commandline has what the command lines of touchgate and touchgate-lab
// share.
package commandline

import (
	"strings"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
)

// StrictArgs makes wrong arguments and unknown commands an app.UsageError, for
// a command and those below it. By default cobra prints the help of a group and
// reports success for a command that does not exist. A script would not notice.
func StrictArgs(cmd *cobra.Command) {
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
			return app.UsageErrorf("%v%s\nUsage: %s\nSee: %s --help", err, hint, cmd.UseLine(), cmd.CommandPath())
		}
	}
	for _, sub := range cmd.Commands() {
		StrictArgs(sub)
	}
}
