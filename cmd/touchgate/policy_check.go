package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// policyCheckCommand compiles documents and prints their faults and warnings.
func policyCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE|FOLDER...",
		Short: "Say everything that is wrong in policy documents",
		Long: `check compiles documents together, as the gateway would, and prints every fault
with its file and line, and a hint where one is known. It warns of names that
nothing declares, and of calendars that end within 60 days. A folder stands for
all *.yaml files in it and below. The exit status is 1 when there is a fault.`,
		Example: `  touchgate policy check house.yaml
  touchgate policy check policies/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, err := readPolicies(args...)
			if err != nil {
				return err
			}
			set, err := ruleset.Compile(sources, ruleset.Options{})
			if err != nil {
				return printFaults(err, cmd)
			}
			printWarnings(append(set.Warnings(), set.EndingCalendars(time.Now())...), cmd)
			// Every set has one rule that no document contains: the suppression list.
			rules := len(set.Rules()) - 1
			fmt.Fprintf(cmd.OutOrStdout(), "ok: %d documents, %d rules, hash %s\n", len(sources), rules, set.Hash())
			return nil
		},
	}
}

// printWarnings prints what is doubtful about documents, one a line.
func printWarnings(warnings touch.Faults, cmd *cobra.Command) {
	for _, w := range warnings {
		w.Message = "warning: " + w.Message
		fmt.Fprintln(cmd.OutOrStdout(), w)
	}
}

// printFaults prints the faults of documents, one a line, and returns an error
// that ends the command. It returns any other error as it is.
func printFaults(err error, cmd *cobra.Command) error {
	var faults touch.Faults
	if !errors.As(err, &faults) {
		return err
	}
	for _, f := range faults {
		fmt.Fprintln(cmd.OutOrStdout(), f)
	}
	noun := "faults"
	if len(faults) == 1 {
		noun = "fault"
	}
	return &exitError{exitFailed, fmt.Sprintf("%d %s", len(faults), noun)}
}
