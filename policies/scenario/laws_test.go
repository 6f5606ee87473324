package scenario_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/policies/scenario"
)

// Laws that no pack has, each written as YAML with a worked example whose
// answers were found by hand. `touchgate policy test policies/scenario/testdata/laws`
// plays them too.
func TestMoreLaws(t *testing.T) {
	laws, err := filepath.Glob("testdata/laws/*.json")
	if err != nil || len(laws) < 20 {
		t.Fatal(len(laws), err)
	}
	for _, law := range laws {
		t.Run(strings.TrimSuffix(filepath.Base(law), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(law)
			if err != nil {
				t.Fatal(err)
			}
			document, err := os.ReadFile(strings.TrimSuffix(law, ".json") + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			file, err := scenario.Parse(text)
			if err != nil || len(file.Unknown) > 0 {
				t.Fatal(err, file.Unknown)
			}
			set, err := policies.Compile([]policies.Source{{Name: law, Data: document}}, file.Options(policies.Options{}))
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
