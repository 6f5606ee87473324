package main

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
	"touchgate.dev/touch"
)

// scenarioTest plays scenarios, prints the steps that differ and counts them. Use
// it once, from one goroutine.
type scenarioTest struct {
	out      io.Writer
	verbose  bool   // print every step
	redis    string // its address; "": play on the model only
	password string // of the Redis

	files   int // scenarios
	faulty  int // times that a scenario could not be played
	steps   int // of all scenarios
	touches int // the steps that are judged
	differ  int // of them, with another answer than expected

	played []playedSet
}

// run plays every scenario on a model of the contact log, and on Redis too if there
// is an address. It returns an error if a step differs or a scenario is faulty.
func (t *scenarioTest) run(ctx context.Context, cases []scenarioCase) error {
	logs := map[string]contactlog.Log{"": nil} // nil: each scenario gets a new model
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
	t.printIdle()
	if t.differ+t.faulty > 0 {
		return &exitError{exitFailed, fmt.Sprintf("%d of %d steps differ, %d of %d scenarios could not be played",
			t.differ, t.steps, t.faulty, t.files)}
	}
	fmt.Fprintf(t.out, "ok: %d scenarios, %d steps (%d touches judged)\n", t.files, t.steps, t.touches)
	return nil
}

// runScenario plays one scenario on one log. It prints and counts the faults of the
// scenario and its policies, so that the others are played nevertheless. It returns
// an error only if the log fails.
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

	// What the files hold is the same on each log, so it is counted and printed once.
	if where == "" {
		t.steps += len(file.Steps)
		t.touches += len(report.Steps)
		t.note(c.scenario, set, report)
		for _, name := range file.UnreadNames(set.Vocabulary()) {
			fmt.Fprintf(t.out, "%s: no rule reads %s\n", c.scenario, name)
		}
		for _, key := range file.Unknown {
			fmt.Fprintf(t.out, "%s: passed over the unknown key %s\n", c.scenario, key)
		}
	}

	label := c.scenario
	if where != "" {
		label += " on " + where
	}
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

// temporaryContactLog returns a contact log in the Redis at addr. Its keys have a
// random prefix that nobody else uses. Call remove at the end: it deletes them.
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
