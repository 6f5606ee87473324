package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"touchgate.dev/cmd/touchgate/internal/nemesis/process"
)

// TestNemesis runs the nemesis for a short while, on the embedded single
// process and on servers; `make nemesis` runs it, and then for long.
func TestNemesis(t *testing.T) {
	if os.Getenv("TEST_NEMESIS") == "" {
		t.Skip("the nemesis takes minutes: set TEST_NEMESIS=1, or run make nemesis")
	}
	self := filepath.Join(t.TempDir(), "touchgate")
	if out, err := exec.Command("go", "build", "-tags", "nomsgpack", "-o", self, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, args := range map[string][]string{
		"embedded": {"--duration", "15s", "--rate", "60"},
		"servers":  {"--duration", "45s", "--rate", "60", "--servers"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "servers" && process.Missing() != nil {
				t.Skip(process.Missing())
			}
			cmd := exec.Command(self, append([]string{"nemesis", "--json", "--seed", "11"}, args...)...)
			var out, progress bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &progress
			err := cmd.Run()
			var broken *exec.ExitError
			if err != nil && !errors.As(err, &broken) {
				t.Fatal(err)
			}
			var r struct {
				Accepted int      `json:"accepted"`
				Messages int      `json:"messages"`
				Examples []string `json:"examples"`
			}
			if jsonErr := json.Unmarshal(out.Bytes(), &r); jsonErr != nil || err != nil {
				t.Fatalf("%v\n%s\n%v", err, progress.String(), r.Examples)
			}
			if r.Accepted < 100 || r.Messages < 100 {
				t.Errorf("the run proves nothing: %d accepted, %d messages", r.Accepted, r.Messages)
			}
		})
	}
}
