package main

import (
	"fmt"
	"slices"
	"strings"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
)

// playedSet is one set of policies with the reports of all its scenarios.
type playedSet struct {
	hash    string
	label   string // its first scenario
	rules   []string
	reports []*scenario.Report
}

// note notes a report under its set of policies.
func (t *scenarioTest) note(label string, set *ruleset.Set, report *scenario.Report) {
	i := slices.IndexFunc(t.played, func(p playedSet) bool { return p.hash == set.Hash() })
	if i < 0 {
		i = len(t.played)
		t.played = append(t.played, playedSet{hash: set.Hash(), label: label, rules: set.Binding()})
	}
	t.played[i].reports = append(t.played[i].reports, report)
}

// printIdle names the rules that decided no step: nothing proves them.
func (t *scenarioTest) printIdle() {
	for _, p := range t.played {
		if idle := scenario.Undecided(p.rules, p.reports...); len(idle) > 0 {
			fmt.Fprintf(t.out, "%s: no step was decided by %s\n", p.label, strings.Join(idle, ", "))
		}
	}
}
