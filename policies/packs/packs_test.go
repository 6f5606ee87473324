package packs_test

import (
	"context"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/policies/packs"
	"touchgate.dev/policies/scenario"
)

func TestEveryPackPassesItsScenarios(t *testing.T) {
	if n := len(packs.Names()); n < 18 {
		t.Fatalf("%d packs, want the 18 laws at least", n)
	}
	for _, name := range packs.Names() {
		t.Run(name, func(t *testing.T) {
			data, err := packs.Scenarios(name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := scenario.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			sources, err := packs.Policy(name)
			if err != nil {
				t.Fatal(err)
			}
			set, err := policies.Compile(sources, file.Options(policies.Options{}))
			if err != nil {
				t.Fatal(err)
			}
			report, err := scenario.Run(context.Background(), set, file, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range report.Differs() {
				t.Error(step)
			}
			if len(report.Steps) < 5 {
				t.Errorf("%d steps were judged", len(report.Steps))
			}
		})
	}
}
