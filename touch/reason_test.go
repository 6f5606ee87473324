package touch_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"touchgate.dev/touch"
)

// TestReasonsAreDocumented compares the constants with the table in the docs.
func TestReasonsAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../docs/state-machine.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(docs), "## Reasons")
	table, _, _ = strings.Cut(table, "## Receipts")
	for _, reason := range touch.Reasons() {
		if !strings.Contains(table, "`"+reason+"`") {
			t.Errorf("docs/state-machine.md does not list %q", reason)
		}
	}
}

func TestReasonsDifferFromRules(t *testing.T) {
	reasons := touch.Reasons()
	for _, reason := range reasons {
		if touch.ReasonIsRule(reason) {
			t.Errorf("%q looks like a rule's id", reason)
		}
	}
	if !touch.ReasonIsRule("eu/quiet-hours") {
		t.Error("a rule's id is not taken for one")
	}
	slices.Sort(reasons)
	if n := len(slices.Compact(reasons)); n != len(touch.Reasons()) {
		t.Errorf("%d of %d reasons are different", n, len(touch.Reasons()))
	}
}
