package scenario_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
)

// TestLaws runs laws that no pack has. Each is a YAML policy with a worked
// example whose answers were found by hand. The command
// `touchgate policy test policies/scenario/testdata/laws` runs them too.
func TestLaws(t *testing.T) {
	laws, err := filepath.Glob("testdata/laws/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(laws) < 20 {
		t.Fatalf("found %d laws, want at least 20", len(laws))
	}
	for _, law := range laws {
		name := strings.TrimSuffix(filepath.Base(law), ".json")
		t.Run(name, func(t *testing.T) { runLaw(t, law) })
	}
}

func runLaw(t *testing.T, law string) {
	text, err := os.ReadFile(law)
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(strings.TrimSuffix(law, ".json") + ".yaml")
	if err != nil {
		t.Fatal(err)
	}

	file, err := scenario.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Unknown) > 0 {
		t.Fatalf("unknown keys %v", file.Unknown)
	}
	sources := []ruleset.Source{{Name: law, Data: document}}
	set, err := ruleset.Compile(sources, file.Options(ruleset.Options{}))
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
	if n := len(report.Steps); n < 5 {
		t.Errorf("%d touch steps were run, want at least 5", n)
	}
}
