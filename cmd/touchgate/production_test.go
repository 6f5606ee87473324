package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestProductionHasNoLab checks that the production binary contains no code that
// breaks or measures servers.
func TestProductionHasNoLab(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Fatalf("go list names only %d packages", len(packages))
	}
	for _, p := range packages {
		if !strings.HasPrefix(p, module) {
			continue
		}
		for _, word := range []string{"internal/lab", "internal/testserver", "nemesis", "bench"} {
			if strings.Contains(p, word) {
				t.Errorf("the production binary contains %s", p)
			}
		}
	}
}
