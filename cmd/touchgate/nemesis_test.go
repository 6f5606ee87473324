package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"touchgate.dev/internal/testserver"
	"touchgate.dev/internal/testserver/servertest"
)

// TestNemesis runs the nemesis for some seconds, on the embedded single process
// and on servers. It judges by the promises alone: how soon a busy machine
// resumes proves nothing. `make nemesis` runs it for long.
func TestNemesis(t *testing.T) {
	self := filepath.Join(t.TempDir(), "touchgate")
	if out, err := exec.Command("go", "build", "-tags", "nomsgpack", "-o", self, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, args := range map[string][]string{
		"embedded": {"--duration", "15s"},
		"servers":  {"--duration", "25s", "--servers"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := testserver.Missing(); name == "servers" && err != nil {
				servertest.Missing(t, err.Error())
			}
			t.Parallel()
			cmd := exec.Command(self, append([]string{"nemesis", "--json", "--quick", "--rate", "40", "--seed", "11"}, args...)...)
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
