package main

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
	"touchgate.dev/touch"
)

type scenarioFlags struct {
	policies, scenarios []string
	redis               string
	verbose             bool
}

// policyScenariosCommand is `policy test`; its file may not end in _test.go.
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

Each step that differs is a line. The exit status is 1 when a step differs, a
document is faulty, or nothing was found to play.`,
		Example: `  touchgate policy test policies/packs
  touchgate policy test --policy law.yaml --scenarios law.json
  touchgate policy test --redis 127.0.0.1:6379 policies/packs`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := findScenarios(args, f)
			if err != nil {
				return err
			}
			t := &scenarioTest{out: cmd.OutOrStdout(), verbose: f.verbose, redis: f.redis, password: envValue(environ, "TOUCHGATE_REDIS_PASSWORD")}
			return t.run(cmd.Context(), cases)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.policies, "policy", nil, "the policies' `FILE` or folder (with --scenarios; repeatable)")
	flags.StringArrayVar(&f.scenarios, "scenarios", nil, "a scenario `FILE` or folder of them (with --policy; repeatable)")
	flags.StringVar(&f.redis, "redis", "", "play on the Redis at `HOST:PORT` too, under a prefix of its own that is removed afterwards (password: TOUCHGATE_REDIS_PASSWORD)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print every step, not only those that differ")
	return cmd
}

// scenarioCase is one scenario file and the policies that it is played against.
type scenarioCase struct {
	scenario string
	policies []ruleset.Source
}

func findScenarios(args []string, f scenarioFlags) ([]scenarioCase, error) {
	var cases []scenarioCase
	if (len(f.scenarios) > 0) != (len(f.policies) > 0) {
		return nil, usageError("--policy and --scenarios go together")
	}
	if len(f.scenarios) > 0 {
		sources, err := readPolicies(f.policies...)
		if err != nil {
			return nil, err
		}
		for _, path := range f.scenarios {
			files, err := filesBelow(path, ".json")
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				cases = append(cases, scenarioCase{file, sources})
			}
		}
	}
	if len(args) == 0 && len(f.scenarios) == 0 {
		return nil, usageError("name a folder or a scenario, or give --policy and --scenarios")
	}
	for _, arg := range args {
		files, err := filesBelow(arg, ".json")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			beside, err := policiesBeside(file)
			if err != nil {
				return nil, err
			}
			if len(beside) == 0 {
				return nil, usageError("no policy (*.yaml) stands beside %s", file)
			}
			sources, err := readPolicies(beside...)
			if err != nil {
				return nil, err
			}
			cases = append(cases, scenarioCase{file, sources})
		}
	}
	if len(cases) == 0 {
		return nil, &exitError{exitFailed, "no scenarios (*.json) found"}
	}
	return cases, nil
}

// filesBelow gives a file itself, or all files of a folder and below that have
// the extension, sorted.
func filesBelow(path, ext string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (p == path || filepath.Ext(p) == ext) {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		return nil, usageError("%s cannot be read: %v", path, errors.Unwrap(err))
	}
	return files, nil
}

// policiesBeside finds the documents of a scenario: see the command's help.
func policiesBeside(scenario string) ([]string, error) {
	own := strings.TrimSuffix(scenario, filepath.Ext(scenario)) + ".yaml"
	if _, err := os.Stat(own); err == nil {
		return []string{own}, nil
	}
	top := filepath.Dir(scenario)
	var found []string
	err := filepath.WalkDir(top, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && p != top:
			if played, err := filepath.Glob(filepath.Join(p, "*.json")); err != nil || len(played) > 0 {
				return filepath.SkipDir
			}
		case !e.IsDir() && filepath.Ext(p) == ".yaml":
			found = append(found, p)
		}
		return nil
	})
	slices.Sort(found)
	return found, err
}

// scenarioTest plays and counts.
type scenarioTest struct {
	out             io.Writer
	verbose         bool
	redis, password string
	files, steps    int
	differ, faulty  int
}

func (t *scenarioTest) run(ctx context.Context, cases []scenarioCase) error {
	logs := map[string]contactlog.Log{"": nil} // each play has a fresh model
	order := []string{""}
	if t.redis != "" {
		log, remove, err := temporaryContactLog(ctx, t.redis, t.password)
		if err != nil {
			return err
		}
		defer remove()
		logs["redis"], order = log, append(order, "redis")
	}
	for _, c := range cases {
		t.files++
		for _, where := range order {
			if err := t.runScenario(ctx, c, where, logs[where]); err != nil {
				return err
			}
		}
	}
	if t.differ+t.faulty > 0 {
		return &exitError{exitFailed, fmt.Sprintf("%d of %d steps differ, %d of %d scenarios could not be played", t.differ, t.steps, t.faulty, t.files)}
	}
	fmt.Fprintf(t.out, "ok: %d scenarios, %d steps\n", t.files, t.steps)
	return nil
}

// runScenario plays one scenario on one log; what is wrong with the files is printed
// and counted, an error is the log's.
func (t *scenarioTest) runScenario(ctx context.Context, c scenarioCase, where string, log contactlog.Log) error {
	fail := func(err error) error {
		t.faulty++
		var faults touch.Faults
		if !errors.As(err, &faults) {
			fmt.Fprintf(t.out, "%s: %v\n", c.scenario, err)
			return nil
		}
		for _, f := range faults {
			fmt.Fprintln(t.out, f)
		}
		return nil
	}
	data, err := os.ReadFile(c.scenario)
	if err != nil {
		return fail(errors.Unwrap(err))
	}
	file, err := scenario.Parse(data)
	if err != nil {
		return fail(err)
	}
	set, err := ruleset.Compile(c.policies, file.Options(ruleset.Options{}))
	if err != nil {
		return fail(err)
	}
	report, err := scenario.Run(ctx, set, file, log)
	if err != nil {
		return err
	}
	if where == "" {
		for _, key := range file.Unknown {
			fmt.Fprintf(t.out, "%s: passed over the unknown key %s\n", c.scenario, key)
		}
	}
	label := c.scenario
	if where != "" {
		label += " on " + where
	}
	t.steps += len(report.Steps)
	for _, s := range report.Steps {
		if !s.OK {
			t.differ++
		}
		if !s.OK || t.verbose {
			fmt.Fprintf(t.out, "%s: %s\n", label, s)
		}
	}
	return nil
}

// temporaryContactLog is a contact log under a prefix that nobody else has; remove
// takes its keys away.
func temporaryContactLog(ctx context.Context, addr, password string) (_ contactlog.Log, remove func(), _ error) {
	client := redis.NewClient(&redis.Options{Addr: addr, Password: password})
	if err := client.Ping(ctx).Err(); err != nil {
		client.Close()
		return nil, nil, touch.Errorf(touch.Unavailable, "redis", "does not answer: %w", err)
	}
	prefix := "tgtest-" + strings.ToLower(crand.Text()[:10])
	return contactlog.NewRedis(client, contactlog.Options{Prefix: prefix}), func() {
		ctx := context.WithoutCancel(ctx)
		keys := client.Scan(ctx, 0, prefix+":*", 1000).Iterator()
		for keys.Next(ctx) {
			client.Del(ctx, keys.Val())
		}
		client.Close()
	}, nil
}
