package main

import "github.com/spf13/cobra"

// scenarioFlags say which scenarios are played, and where.
type scenarioFlags struct {
	policies, scenarios []string
	redis               string
	verbose             bool
}

// policyScenariosCommand is the command `policy test`. Its file has another name
// because Go would leave policy_test.go out of the program.
func policyScenariosCommand(environ []string) *cobra.Command {
	var f scenarioFlags
	cmd := &cobra.Command{
		Use:   "test [FILE.json|FOLDER...]",
		Short: "Play worked examples against policies, and show each step that differs",
		Long: `test plays scenarios (*.json): touches, outcomes, consents and register entries
in order of time, each touch with the answer expected of it. Beside a scenario
NAME.json stands its policy NAME.yaml; where there is none, all *.yaml files of
the folder, and of folders below that have no scenarios of their own, are its
policies. Folders are searched to the bottom.

Each step that differs is a line. So is each rule that decided no step (nothing
proves it), and each name in a step that no rule reads. The exit status is 1 when a step differs, a
document is faulty, or nothing was found to play.`,
		Example: `  touchgate policy test policies/packs
  touchgate policy test --policy law.yaml --scenarios law.json
  touchgate policy test --redis 127.0.0.1:6379 policies/packs`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := findScenarios(args, f)
			if err != nil {
				return err
			}
			t := &scenarioTest{
				out:      cmd.OutOrStdout(),
				verbose:  f.verbose,
				redis:    f.redis,
				password: envValue(environ, "TOUCHGATE_REDIS_PASSWORD"),
			}
			return t.run(cmd.Context(), cases)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.policies, "policy", nil, "the policies' `FILE` or folder (with --scenarios; repeatable)")
	flags.StringArrayVar(&f.scenarios, "scenarios", nil,
		"a scenario `FILE` or folder of them (with --policy; repeatable)")
	flags.StringVar(&f.redis, "redis", "",
		"play on the Redis at `HOST:PORT` too, under a prefix of its own that is removed afterwards "+
			"(password: TOUCHGATE_REDIS_PASSWORD)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print every step, not only those that differ")
	return cmd
}
